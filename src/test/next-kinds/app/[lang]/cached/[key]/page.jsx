import { localized } from '../../../../lib/localized.js';
import { dynamicPage } from '../../../../lib/value.jsx';

export default dynamicPage(localized);
