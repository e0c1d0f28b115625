import { remote } from '../../../lib/cached.js';
import { dynamicPage } from '../../../lib/value.jsx';

export default dynamicPage(remote);
