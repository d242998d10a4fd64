// The same job by DuckDB and by us, alternating, medians. See the usage below.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const kinds = {
  s128: 'file', 'one-file': 'file', flights: 'file', wide: 'file', row: 'rows', typed: 'rows', threads: 'file', 'parquet-read': 'parquet', 'parquet-write': 'parquet',
}
const [workload, ...rest] = process.argv.slice(2)
const kind = kinds[workload]
const input = kind === 'rows' ? undefined : rest.shift()
const option = (name, fallback) => rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback
const rows = option('--rows')
const runner = option('--runner', path.join(here, '..', 'Sleeper.Ingest.Benchmarks', 'bin', 'Release', 'net10.0', 'Sleeper.Ingest.Benchmarks.dll'))
if (!kind || (kind === 'rows' ? !rows : !input)) {
  console.error(`usage: node compare.mjs s128|one-file|flights|wide FILE [--runs 5] [--threads 2] [--memory BYTES] [--no-sync]
       node compare.mjs row|typed --rows N [the same]      S128 out of the caller's memory; DuckDB by its appender
       node compare.mjs threads FILE [the same]            S128 by us, with one thread and with --threads
       node compare.mjs parquet-read FILE [--runs 5] [--threads 2] [--repeat 5]
       node compare.mjs parquet-write FILE [--runs 5] [--threads 2] [--repeat 5] [--codec zstd|snappy|uncompressed] [--level N]
       each with [--runner DLL] if another build is to be measured than that of 'dotnet build -c Release'`)
  process.exit(2)
}

const runs = Number(option('--runs', 5))
const threads = option('--threads', '2')
const memory = option('--memory', String(2 ** 31))
const repeat = option('--repeat', '5')
const codec = option('--codec', 'zstd')
const level = option('--level')
const isOneFile = kind === 'parquet'
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'compare-'))

// Each run writes to a folder of its own, and all go in the end: for five seconds after a file is deleted ext4 does not use its inode again and searches on, which costs
// 0.1 ms for each file made meanwhile. What a run left unwritten is written before the next, or that would pay for it.
let outputs = 0
function newOutput() {
  if (process.platform !== 'win32') {
    execFileSync('sync')
  }

  return path.join(folder, String(++outputs))
}

function last(program, args) {
  const text = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(text.trim().split('\n').at(-1))
}

function ingest(job, threads, ...more) {
  return last('dotnet', [runner, job, ...more, '--out', newOutput(), '--threads', threads, '--memory', memory, ...(rest.includes('--no-sync') ? ['--no-sync'] : [])])
}

function ours() {
  switch (workload) {
    case 'parquet-read':
    case 'parquet-write':
      return last('dotnet', [runner, workload, '--input', input, '--threads', threads, '--repeat', repeat, '--codec', codec, ...(level ? ['--level', level] : [])])
    case 'row':
    case 'typed':
      return ingest('rows', threads, '--rows', rows, '--kind', workload)
    case 'one-file':
      return ingest('s128', threads, '--input', input, '--strategy', 'reference')
    case 'threads':
      return ingest('s128', threads, '--input', input)
    default:
      return ingest(workload, threads, '--input', input)
  }
}

function duckdb() {
  switch (kind) {
    case 'parquet':
      return last('node', [path.join(here, 'duckdb-parquet.mjs'), workload, input, threads, repeat, codec, ...(level ? [level] : [])])
    case 'rows':
      return last('dotnet', [runner, 'duckdb-rows', '--rows', rows, '--out', newOutput(), '--threads', threads, '--memory', memory])
    default:
      return last('node', [path.join(here, 'duckdb-job.mjs'), workload, input, newOutput(), memory, threads])
  }
}

const other = workload === 'threads' ? 'oneThread' : 'duckdb'
const sides = { [other]: workload === 'threads' ? () => ingest('s128', '1', '--input', input) : duckdb, ours }
const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const results = { ours: [], [other]: [] }
try {
  // One run each that does not count: it warms the page cache.
  sides.ours()
  sides[other]()
  for (let run = 1; run <= runs; run++) {
    // Who goes first changes from run to run.
    for (const who of run % 2 ? [other, 'ours'] : ['ours', other]) {
      const result = sides[who]()
      results[who].push(result)
      console.log(`run ${run} ${who.padEnd(9)} ${result.seconds.toFixed(isOneFile ? 4 : 2)} s, ${result.rowsPerSecond} rows/s`)
    }
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}

const line = (who, list) => {
  const of = name => median(list.map(result => result[name]))
  const both = { who, seconds: of('seconds'), rowsPerSecond: of('rowsPerSecond'), outputBytes: of('outputBytes'), peakWorkingSetBytes: of('peakWorkingSetBytes') }
  return isOneFile ? { ...both, firstSeconds: of('firstSeconds'), processorSeconds: of('processorSeconds') } : { ...both, files: of('files') }
}
const table = [line(other, results[other]), line('ours', results.ours)]
console.table(table)
const round = value => Number(value.toFixed(3))
const ratios = results.ours.map((result, i) => round(result.rowsPerSecond / results[other][i].rowsPerSecond))

// DuckDB syncs nothing: where that alone takes more than a tenth, both figures count.
const unsynced = results.ours.map((result, i) => round(result.rows / (result.seconds - (result.syncingSeconds ?? 0)) / results[other][i].rowsPerSecond))
console.log(JSON.stringify({
  workload, input: input && path.basename(input), runs, threads: Number(threads), memoryBytes: Number(memory), ...(isOneFile ? { codec, level } : {}), machine: os.cpus()[0]?.model, processors: os.cpus().length,
  [other]: table[0], ours: table[1], ratioOfMedians: round(table[1].rowsPerSecond / table[0].rowsPerSecond), ratioOfEachRun: ratios,
  ...(isOneFile ? {} : { syncShare: round(median(results.ours.map(result => result.syncingSeconds / result.seconds))), ratioWithoutSync: median(unsynced) }),
}))
