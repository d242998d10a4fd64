// Makes a workload's input: node generate.mjs s128|wide ROWS FILE
// Values are hashes of the row number, so the same call gives the same rows on any machine, with any number of threads.
import { DuckDBInstance } from '@duckdb/node-api'

const [workload, rowCount, path] = process.argv.slice(2)
if (!['s128', 'wide'].includes(workload) || !/^\d+$/.test(rowCount ?? '') || !path) {
  console.error('usage: node generate.mjs s128|wide ROWS FILE')
  process.exit(2)
}

const database = await DuckDBInstance.create(':memory:', { threads: '2' })
const connection = await database.connect()
const number = (salt, below) => `(hash(i, '${salt}') % ${below})`

// Ten letters a to z, uniform: the digits of a hash in base 26.
const letters = salt => Array.from({ length: 10 }, (_, digit) =>
  `chr((97 + (hash(i, '${salt}') // ${26n ** BigInt(digit)}) % 26)::INTEGER)`).join(' || ')

// Null in a fifth of the rows.
const sparse = (salt, value) => `CASE WHEN ${number('null' + salt, 5)} = 0 THEN NULL ELSE ${value} END`

// One of a hundred texts of 8 to 64 characters.
const text = salt => `substr(repeat(md5(${number(salt, 100)}::VARCHAR), 2), 1, (8 + ${number(salt, 100)} * 57 // 100)::BIGINT)`

// 0 to 200 bytes that do not compress.
const bytes = salt => `unhex(substr(${Array.from({ length: 13 }, (_, part) => `md5(hash(i, '${salt}${part}')::VARCHAR)`).join(' || ')}, 1, (2 * ${number(salt + 'n', 201)})::BIGINT))`

const columns = {
  s128: [`${letters('key')} AS key`, `${number('time', '10000000000')}::BIGINT AS timestamp`, `${letters('value')} AS value`],
  wide: [
    `${number('k1', 1000000)}::BIGINT AS k1`, `${number('k2', 1000000000)}::BIGINT AS k2`,
    ...[0, 1, 2].map(n => `${number('l' + n, '1000000000000')}::BIGINT AS l${n}`),
    ...[3, 4, 5].map(n => `${sparse('l' + n, `${number('l' + n, '1000000000000')}::BIGINT`)} AS l${n}`),
    ...[0, 1].map(n => `${number('i' + n, 1000000)}::INTEGER AS i${n}`),
    ...[2, 3].map(n => `${sparse('i' + n, `${number('i' + n, 1000000)}::INTEGER`)} AS i${n}`),
    ...[0, 1].map(n => `${text('s' + n)} AS s${n}`),
    ...[2, 3].map(n => `${sparse('s' + n, text('s' + n))} AS s${n}`),
    `${bytes('b0')} AS b0`, `${sparse('b1', bytes('b1'))} AS b1`,
    `list_transform(range((${number('list', 10)})::BIGINT), x -> (hash(i, x) % 1000)::BIGINT) AS list`,
    `${sparse('map', `map_from_entries(list_transform(range((${number('map', 6)})::BIGINT), x -> {'k': 'key' || x, 'v': (hash(i, x, 'v') % 1000)::BIGINT}))`)} AS map`,
  ],
}

await connection.run(`COPY (SELECT ${columns[workload].join(', ')} FROM range(${rowCount}) AS t(i))
  TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`)
console.log(JSON.stringify({ workload, rows: Number(rowCount), file: path }))
