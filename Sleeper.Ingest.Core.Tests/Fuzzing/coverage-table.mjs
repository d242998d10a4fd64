// Prints the table of README.md from what Coverage.proj wrote: node coverage-table.mjs FILE [missed]
import { readFileSync } from 'node:fs'

const [file, isMissed] = process.argv.slice(2)
const groups = [
  ['Thrift and metadata of footers and pages', /^Parquet\/(Thrift\/ThriftCompactReader|Metadata\/)/],
  ['footer, file, limits', /^Parquet\/(ParquetFileReader|ParquetFooter|FooterChecks|FooterSeal|TailedReader|ParquetReaderLimits|ReadMeter)\./],
  ['schemas', /^Parquet\/Schemas\//],
  ['pages and levels', /^Parquet\/Pages\/(LevelReader|PageBytes|PageReader|PageMemory|PageExtent|NextBytes|DataPage)/],
  ['decoders of encodings', /^Parquet\/Encodings\/(.*Decoder|ValueDecoders|BitUnpacker|ChunkDictionary|DictionaryValues|VectorRoom)\./],
  ['decompressors', /^Parquet\/Compression\/(.*Decoder|.*Decompressor|MatchCopy|DecompressorPool|GzipPageCodec|BrotliPageCodec|ZstdPageDecompressor)\./],
  ['row groups, chunks, page indexes', /^Parquet\/RowGroups\/(Chunk|ColumnBounds|ColumnChunkReader|NestingCheck|PageBounds|PageIndex|RowGroupReader|WindowPlan|ByteBufferPool)/],
  ['Bloom filters', /^Parquet\/BloomFilters\/(StoredBloomFilter|SplitBlocks)/],
  ['columns into rows of an ingest', /^DataFiles\/(FieldReader|FileSchema|FlatRowEncoder|FlatField|ItemsEncoder|MapKeys|ParquetRowEncoder|Conversions\/)/],
  ['rows of a data file', /^Reading\/(DataFileCursor|FieldColumn|OpenDataFile)\./],
  ['sketches', /^Sketches\/Sketch(Reader|Format)/],
  ['log entries and transactions', /^StateStores\/TransactionLog\/(Entry|BodyJson|Transactions\/)/],
  ['partitions in JSON', /^Partitioning\/PartitionJson/],
  ['snapshots', /^StateStores\/TransactionLog\/Snapshots\/(FilesSnapshot\.|FilesSnapshotReader|HeadSnapshot|SealedLineReader|SnapshotHeader)/],
  ['Arrow snapshots', /^StateStores\/DynamoDb\/(Arrow\/|SnapshotFormat)/],
  ['spill files', /^Spilling\/(BlockReader|RunCursor|SpillReader|SpilledRows|SpillFormat)/],
  ['job messages', /^Jobs\/(JobMessage|IngestJobMessage)/],
  ['properties files', /^StateStores\/OwnTables\/PropertiesText/],
]

// Files have their writers beside their readers.
const isWriter = name => /^(Write|ToBytes|ToString|ToElement|Take|Append|Encode$|Open$|Close$)/.test(name)

const counts = groups.map(([name]) => ({ name, lines: [0, 0], branches: [0, 0] }))
for (const [path, classes] of Object.entries(Object.values(JSON.parse(readFileSync(file)))[0])) {
  const short = path.split('Sleeper.Ingest.Core/').at(-1)
  const count = counts[groups.findIndex(([, pattern]) => pattern.test(short))]
  const missed = new Set()
  for (const [method, { Lines, Branches }] of Object.values(classes).flatMap(Object.entries)) {
    if (!count || isWriter(method.split('::').at(-1).split('(')[0])) continue
    for (const [line, hits] of Object.entries(Lines)) {
      count.lines[0] += hits > 0
      count.lines[1]++
      if (hits === 0) missed.add(Number(line))
    }
    for (const { Hits } of Branches) {
      count.branches[0] += Hits > 0
      count.branches[1]++
    }
  }
  if (isMissed && missed.size > 0) console.log(`${short}: ${[...missed].sort((a, b) => a - b).join(' ')}`)
}

const share = ([reached, all]) => `${reached} of ${all} (${(100 * reached / all).toFixed(1)} %)`
console.log('| part | lines | branches |\n|---|---|---|')
for (const { name, lines, branches } of counts) console.log(`| ${name} | ${share(lines)} | ${share(branches)} |`)
const sum = key => [0, 1].map(i => counts.reduce((total, count) => total + count[key][i], 0))
console.log(`| all | ${share(sum('lines'))} | ${share(sum('branches'))} |`)
