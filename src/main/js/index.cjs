// @ts-check
'use strict';
exports.components = require('./components.cjs');
exports.Incremental = require('./incremental.cjs');
exports.onEvent = require('./events.cjs').onEvent;
