import { cached } from '../../../../lib/cached.js';
import { dynamicPage } from '../../../../lib/value.jsx';

export default dynamicPage(cached);
