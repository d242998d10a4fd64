// The same job by DuckDB and by us, alternating, medians. See the usage below.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const runner = path.join(here, '..', 'Sleeper.Ingest.Benchmarks', 'bin', 'Release', 'net10.0', 'Sleeper.Ingest.Benchmarks.dll')
const [workload, input, ...rest] = process.argv.slice(2)
if (!['s128', 'flights', 'parquet-read', 'parquet-write'].includes(workload) || !input) {
  console.error(`usage: node compare.mjs s128|flights FILE [--runs 5] [--threads 2] [--memory BYTES] [--no-sync]
       node compare.mjs parquet-read FILE [--runs 5] [--threads 2] [--repeat 5]
       node compare.mjs parquet-write FILE [--runs 5] [--threads 2] [--repeat 5] [--codec zstd|snappy|uncompressed] [--level N]`)
  process.exit(2)
}

const option = (name, fallback) => rest.includes(name) ? rest[rest.indexOf(name) + 1] : fallback
const runs = Number(option('--runs', 5))
const threads = option('--threads', '2')
const memory = option('--memory', String(2 ** 30))
const repeat = option('--repeat', '5')
const codec = option('--codec', 'zstd')
const level = option('--level')
const isOneFile = workload.startsWith('parquet-')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'compare-'))

function last(program, args) {
  const text = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(text.trim().split('\n').at(-1))
}

function ours() {
  if (isOneFile) {
    return last('dotnet', [runner, workload, '--input', input, '--threads', threads, '--repeat', repeat, '--codec', codec, ...(level ? ['--level', level] : [])])
  }
  const output = path.join(folder, 'ours')
  fs.rmSync(output, { recursive: true, force: true })
  return last('dotnet', [runner, workload, '--input', input, '--out', output, '--threads', threads, '--memory', memory,
    ...(rest.includes('--no-sync') ? ['--no-sync'] : [])])
}

function duckdb() {
  if (isOneFile) {
    return last('node', [path.join(here, 'duckdb-parquet.mjs'), workload, input, threads, repeat, codec, ...(level ? [level] : [])])
  }
  return last('node', [path.join(here, 'duckdb-job.mjs'), workload, input, path.join(folder, 'duckdb'), memory, threads])
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const results = { ours: [], duckdb: [] }
try {
  // One run each that does not count: it warms the page cache.
  ours()
  duckdb()
  for (let run = 1; run <= runs; run++) {
    // Who goes first changes from run to run.
    for (const who of run % 2 ? ['duckdb', 'ours'] : ['ours', 'duckdb']) {
      const result = who === 'ours' ? ours() : duckdb()
      results[who].push(result)
      console.log(`run ${run} ${who.padEnd(6)} ${result.seconds.toFixed(isOneFile ? 4 : 2)} s, ${result.rowsPerSecond} rows/s`)
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
const table = [line('duckdb', results.duckdb), line('ours', results.ours)]
console.table(table)
const ratios = results.ours.map((result, i) => result.rowsPerSecond / results.duckdb[i].rowsPerSecond)
console.log(JSON.stringify({
  workload, input: path.basename(input), runs, threads: Number(threads), memoryBytes: Number(memory), ...(isOneFile ? { codec, level } : {}), machine: os.cpus()[0]?.model, processors: os.cpus().length,
  duckdb: table[0], ours: table[1], ratioOfMedians: Number((table[1].rowsPerSecond / table[0].rowsPerSecond).toFixed(3)),
  ratioOfEachRun: ratios.map(ratio => Number(ratio.toFixed(3))),
}))
