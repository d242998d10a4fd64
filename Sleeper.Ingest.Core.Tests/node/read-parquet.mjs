// Prints a Parquet file as JSON lines: first the column names, then one array a row, in file order.
// 64-bit integers become decimal strings, bytes become hexadecimal, dates ISO text; a map is an object of its keys' text.
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const [path] = process.argv.slice(2)
const file = await asyncBufferFromFile(path)
const metadata = await parquetMetadataAsync(file)
const columns = metadata.schema.length === 0 ? [] : topLevelNames(metadata.schema)
const rows = await parquetReadObjects({ file, metadata, compressors, utf8: false })

let text = JSON.stringify(columns) + '\n'
for (const row of rows) {
  text += JSON.stringify(columns.map(name => plain(row[name]))) + '\n'
  if (text.length > 1 << 20) await flush()
}
await flush()

async function flush() {
  const part = text
  text = ''
  await new Promise((resolve, reject) => process.stdout.write(part, error => error ? reject(error) : resolve()))
}

function topLevelNames(schema) {
  const names = []
  let next = 1
  while (next < schema.length) {
    names.push(schema[next].name)
    next = skip(schema, next)
  }
  return names
}

// The schema is a tree in depth-first order: a node's children follow it.
function skip(schema, index) {
  let next = index + 1
  for (let child = 0; child < (schema[index].num_children ?? 0); child++) next = skip(schema, next)
  return next
}

function plain(value) {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
  return value
}
