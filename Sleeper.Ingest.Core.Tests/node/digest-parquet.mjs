// The rows of many Parquet files as text, for comparison: node digest-parquet.mjs FOLDER prints a line of "name rows sha256" for each file there;
// node digest-parquet.mjs FILE prints its rows. A row that cannot be read prints the reason.
// Columns joined by "|": integers as digits (times in microseconds), floats as "f" and the bits of the double, bytes and text as "hex", structs as {a,b},
// lists as [a,b], maps as [k:v] with the entries sorted, null. Decimals and JSON, which this reader makes doubles and objects of, are taken as it finds them
// before that: their annotation is hidden from it.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const raw = value => value
const parsers = {
  timestampFromMilliseconds: value => value * 1000n, timestampFromMicroseconds: raw, timestampFromNanoseconds: raw,
  dateFromDays: raw, stringFromBytes: bytes => bytes && Buffer.from(bytes).toString('utf8'),
}

const scales = new Map()
const [input] = process.argv.slice(2)
if (fs.statSync(input).isDirectory()) {
  for (const name of fs.readdirSync(input).sort()) {
    const lines = await read(path.join(input, name))
    const hash = createHash('sha256')
    for (const line of lines) hash.update(line + '\n')
    console.log(`${name} ${lines.length} ${hash.digest('hex')}`)
  }
} else {
  process.stdout.write((await read(input)).join('\n') + '\n')
}

async function read(file) {
  try {
    const bytes = fs.readFileSync(file)
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    const metadata = parquetMetadata(buffer)
    for (const element of metadata.schema) {
      if (element.converted_type !== 'DECIMAL' && element.converted_type !== 'JSON') continue
      if (element.converted_type === 'DECIMAL') scales.set(element, element.scale ?? 0)
      delete element.converted_type
      delete element.logical_type
    }
    const columns = parquetSchema(metadata).children
    const rows = await parquetReadObjects({ file: buffer, metadata, compressors, parsers, utf8: false })
    return rows.map(row => columns.map(column => text(column, row[column.element.name])).join('|'))
  } catch (error) {
    return [`${error.stack}`]
  }
}

function text(node, value) {
  if (value === undefined || value === null) return 'null'
  const { element, children } = node
  if (children.length === 0) return leaf(element, value)
  if (element.converted_type === 'LIST') return `[${value.map(item => text(children[0].children[0], item)).join(',')}]`
  if (element.converted_type === 'MAP') {
    const [key, item] = children[0].children
    return `[${Object.entries(value).map(([name, part]) => `${keyText(key.element, name)}:${text(item, part)}`).sort().join(',')}]`
  }
  return `{${children.map(child => text(child, value[child.element.name])).join(',')}}`
}

function leaf(element, value) {
  if (scales.has(element)) return decimal(typeof value === 'object' ? BigInt.asIntN(8 * value.length, BigInt('0x0' + Buffer.from(value).toString('hex'))) : BigInt(value), scales.get(element))
  if (element.logical_type?.type === 'UUID') return hex(typeof value === 'string' ? Buffer.from(value.replaceAll('-', ''), 'hex') : value)
  if (element.type === 'FLOAT' || element.type === 'DOUBLE' || element.logical_type?.type === 'FLOAT16') return float(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (element.converted_type === 'TIME_MILLIS') return (BigInt(value) * 1000n).toString()
  if (typeof value === 'bigint' || typeof value === 'number') return value.toString()
  return hex(typeof value === 'string' ? Buffer.from(value, 'utf8') : value)
}

// The keys of an object are text: digits for numbers, the numbers of bytes for bytes.
function keyText(element, key) {
  if (element.type === 'INT32' || element.type === 'INT64') return key
  if (element.converted_type === 'UTF8') return hex(Buffer.from(key, 'utf8'))
  return hex(key === '' ? [] : key.split(',').map(Number))
}

function decimal(unscaled, scale) {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const end = digits.length - scale
  return (unscaled < 0n ? '-' : '') + digits.slice(0, end) + (scale > 0 ? '.' + digits.slice(end) : '')
}

function hex(bytes) {
  return `"${Buffer.from(bytes).toString('hex')}"`
}

function float(value) {
  if (Number.isNaN(value)) return 'fnan'
  const bits = Buffer.alloc(8)
  bits.writeDoubleBE(value)
  return 'f' + bits.toString('hex')
}
