// A DynamoDB for the tests: dynalite on a free port of 127.0.0.1.
// usage: node dynalite.mjs [FOLDER]    prints "listening PORT", ends when standard input ends; without a folder its tables are in memory.
import dynalite from 'dynalite';

const server = dynalite({ path: process.argv[2], createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
// The pipe ends when whoever started this program closes it or dies, however it dies.
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
