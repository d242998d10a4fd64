// Reads or writes one Parquet file with DuckDB: node duckdb-parquet.mjs parquet-read|parquet-write FILE THREADS REPEAT [CODEC [LEVEL]]
// Prints one JSON object, with the members that our own runner prints.
import { DuckDBInstance } from '@duckdb/node-api'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const [job, input, threads, repeat, codec = 'zstd', level] = process.argv.slice(2)
const quote = text => `'${text.replaceAll("'", "''")}'`
const name = text => `"${text.replaceAll('"', '""')}"`
const database = await DuckDBInstance.create(':memory:', { threads })
const connection = await database.connect()
const atOpen = process.memoryUsage().rss
const columns = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${quote(input)})`)).getRows()
const rows = Number((await connection.runAndReadAll(`SELECT count(*) FROM read_parquet(${quote(input)})`)).getRows()[0][0])

// The cheapest aggregate that needs every value: the sum of numbers, and of the lengths of texts and bytes.
function size(type, value) {
  if (type.endsWith('[]')) return `list_sum(list_transform(${value}, x -> ${size(type.slice(0, -2), 'x')}))`
  if (type.startsWith('MAP(')) {
    const [key, item] = type.slice(4, -1).split(', ')
    return `${size(`${key}[]`, `map_keys(${value})`)} + ${size(`${item}[]`, `map_values(${value})`)}`
  }
  if (type === 'VARCHAR') return `strlen(${value})`
  if (type === 'BLOB') return `octet_length(${value})`
  if (type.startsWith('TIMESTAMP')) return `epoch_us(${value})`
  return value
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'duckdb-parquet-'))
const seconds = []
let outputBytes
let processor
try {
  let statement = () => `SELECT ${columns.map(([column, type]) => `sum(${size(type, name(column))})`).join(', ')} FROM read_parquet(${quote(input)})`
  const output = run => path.join(folder, `file-${run}.parquet`)
  if (job === 'parquet-write') {
    await connection.run(`CREATE TABLE rows AS SELECT * FROM read_parquet(${quote(input)}) ORDER BY ${name(columns[0][0])}`)
    statement = run => `COPY rows TO ${quote(output(run))} (FORMAT parquet, COMPRESSION ${codec}${level ? `, COMPRESSION_LEVEL ${level}` : ''})`
  }
  for (let run = 0; run < Number(repeat); run++) {
    const text = statement(run)
    const before = process.cpuUsage()
    const start = process.hrtime.bigint()
    await connection.run(text)
    processor = process.cpuUsage(before)
    seconds.push(Number(process.hrtime.bigint() - start) / 1e9)
    if (job === 'parquet-write') outputBytes = fs.statSync(output(run)).size
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}

const median = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)]
console.log(JSON.stringify({
  job, rows, seconds: Number(median.toFixed(4)), rowsPerSecond: Math.round(rows / median), firstSeconds: Number(seconds[0].toFixed(4)), repeat: seconds.length,
  peakWorkingSetBytes: process.resourceUsage().maxRSS * 1024, workingSetAtOpenBytes: atOpen,
  processorSeconds: Number(((processor.user + processor.system) / 1e6).toFixed(3)), threads: Number(threads),
  inputBytes: fs.statSync(input).size, outputBytes,
}))
