import { fetched } from '../../../../lib/cached.js';
import { dynamicPage } from '../../../../lib/value.jsx';

export default dynamicPage(fetched);
