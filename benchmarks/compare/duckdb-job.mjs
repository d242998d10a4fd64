// Does a workload's job with DuckDB: node duckdb-job.mjs s128|one-file|flights|wide FILE FOLDER MEMORY_BYTES THREADS
// Prints one JSON object, with the members that our own runner prints.
import { DuckDBInstance } from '@duckdb/node-api'
import fs from 'node:fs'
import path from 'node:path'

const [workload, input, output, memoryBytes, threads] = process.argv.slice(2)
const quote = text => `'${text.replaceAll("'", "''")}'`

// The leaves are those of our own runner. s128: ranges of the first two letters. flights: the quantiles of the origin in the whole file. wide: sixteenths of the key.
const flightsPoints = ['AUS', 'BWI', 'CVG', 'DFW', 'DTW', 'HOU', 'JFK', 'LAX', 'MCO', 'MSP', 'ORD', 'PHL', 'PVD', 'SEA', 'SMF']
const jobs = {
  s128: { leaf: `((ascii(key[1]) - 97) * 26 + (ascii(key[2]) - 97)) * 128 // 676`, order: 'key, timestamp' },
  'one-file': { order: 'key, timestamp' },
  flights: { leaf: `len(list_filter([${flightsPoints.map(quote).join(', ')}], x -> x <= origin))`, order: 'origin, date' },
  wide: { leaf: 'k1 // 62500', order: 'k1, k2' },
}

const { leaf, order } = jobs[workload]
fs.mkdirSync(output, { recursive: true })
const database = await DuckDBInstance.create(':memory:', {
  threads, memory_limit: `${Math.floor(Number(memoryBytes) / 1e6)}MB`, temp_directory: path.join(output, 'temp'),
})
const connection = await database.connect()
const atOpen = process.memoryUsage().rss
const start = process.hrtime.bigint()
await connection.run(leaf
  ? `COPY (SELECT *, ${leaf} AS leaf FROM read_parquet(${quote(input)}) ORDER BY ${order})
      TO ${quote(output)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (leaf), OVERWRITE_OR_IGNORE)`
  : `COPY (SELECT * FROM read_parquet(${quote(input)}) ORDER BY ${order}) TO ${quote(path.join(output, 'all.parquet'))} (FORMAT parquet, COMPRESSION zstd)`)
const seconds = Number(process.hrtime.bigint() - start) / 1e9

const files = fs.readdirSync(output, { recursive: true }).filter(name => name.endsWith('.parquet')).map(name => path.join(output, name))
const rows = Number((await (await connection.runAndReadAll(`SELECT count(*) FROM read_parquet(${quote(output + '/**/*.parquet')})`)).getRows())[0][0])
console.log(JSON.stringify({
  rows, seconds: Number(seconds.toFixed(3)), rowsPerSecond: Math.round(rows / seconds),
  outputBytes: files.reduce((sum, file) => sum + fs.statSync(file).size, 0), spilledBytes: null,
  peakWorkingSetBytes: process.resourceUsage().maxRSS * 1024, workingSetAtOpenBytes: atOpen,
  budgetBytes: Number(memoryBytes), threads: Number(threads), files: files.length,
}))
