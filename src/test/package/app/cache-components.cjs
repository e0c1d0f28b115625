module.exports = require('freshet-next/components');
