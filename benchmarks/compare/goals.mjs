// Measures every goal with its command and prints the table of ../README.md, as it goes. See the usage below.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const args = process.argv.slice(2)
const option = (name, fallback) => args.includes(name) ? args[args.indexOf(name) + 1] : fallback
const dll = path.resolve(option('--runner', path.join(here, '..', 'Sleeper.Ingest.Benchmarks', 'bin', 'Release', 'net10.0', 'Sleeper.Ingest.Benchmarks.dll')))
if (args.includes('--help')) {
  console.log(`usage: node goals.mjs [--smallest] [--with-long] [--only NAME,NAME] [--data FOLDER] [--flights FILE] [--plots FOLDER] [--out FILE] [--runner DLL]
  --smallest   each command once with few rows: whether it works, not how fast
  --with-long  the run of 400 million rows too, twice: it needs 20 GB of disk
  --data       where the input files are, or are made (the folder for temporary files)
  --flights    all 3,000,000 flights; without it, the part of them beside the samples
  --plots      where the long run's samples and pictures go (--data)
  --runner     another build than that of 'dotnet build -c Release', such as a published one
  --out        the lines of all commands, as they came`)
  process.exit(0)
}

const smallest = args.includes('--smallest')
const data = path.resolve(option('--data', path.join(os.tmpdir(), 'sleeper-goals')))
const plots = path.resolve(option('--plots', data))
const flights = path.resolve(option('--flights', path.join(here, '..', '..', 'samples', 'Quickstart', 'flights.parquet')))
const only = option('--only')?.split(',')
const log = option('--out')
fs.mkdirSync(data, { recursive: true })
fs.mkdirSync(plots, { recursive: true })

const count = (whole, small) => String(smallest ? small : whole)
const s128 = path.join(data, `s128-${count(10_000_000, 20_000)}.parquet`)
const wide = path.join(data, `wide-${count(1_000_000, 2_000)}.parquet`)
const runs = ['--runs', count(5, 1), ...(args.includes('--runner') ? ['--runner', dll] : [])]
const compare = (...more) => ['node', 'compare.mjs', ...more, ...runs]
const job = (...more) => ['runner', ...more]
const mib = number => String(number * 2 ** 20)

const ratioOf = lines => lines.at(-1).ratioOfMedians
const eachRun = lines => {
  const { ratioOfEachRun, syncShare, ratioWithoutSync } = lines.at(-1)
  return `${ratioOfEachRun.join(', ')}${syncShare > 0.1 ? `; without syncing ${ratioWithoutSync}` : ''}`
}
const sides = lines => {
  const { ours, duckdb, oneThread } = lines.at(-1)
  const other = duckdb ?? oneThread
  return `${ours.rowsPerSecond.toLocaleString('en')} against ${other.rowsPerSecond.toLocaleString('en')} rows/s; ${ours.outputBytes.toLocaleString('en')} against ${other.outputBytes.toLocaleString('en')} bytes`
}
const against = (name, figure, goal, command) => ({ name, figure, goal, atLeast: goal, unit: ' ×', command, value: ratioOf, detail: lines => `${eachRun(lines)}; ${sides(lines)}` })
const long = (name, ...more) => ({
  name, figure: `400 million rows, 1 GiB, against 10 million${more.length ? ', spill files out of the page cache' : ''}`, goal: 0.75, atLeast: 0.75, unit: ' ×', isLong: true,
  command: job('long', '--rows', count(400_000_000, 1_000_000), '--reference', count(10_000_000, 20_000), '--memory', count(2 ** 30, 2 ** 24), '--threads', '2',
    '--csv', path.join(plots, `${name}.csv`), '--svg', path.join(plots, `${name}.svg`), ...more),
  value: lines => lines.at(-1).ratio,
  detail: lines => (l => `${l.rowsPerSecond.toLocaleString('en')} rows/s; rows spilled ${l.spilledRows.toLocaleString('en')}, twice ${l.rowsSpilledTwice}; disk alone writes ${l.diskWritesMBPerSecond}, reads ${l.diskReadsMBPerSecond} MB/s`)(lines.at(-1)),
})

const goals = [
  against('s128', 'S128, 10 million rows, file to 128 leaf files, committed', 2.0, compare('s128', s128)),
  against('one-file', 'the same into one sorted file', 2.0, compare('one-file', s128)),
  against('row', 'S128 from memory, `Row`s', 2.0, compare('row', '--rows', count(5_000_000, 20_000))),
  against('typed', 'S128 from memory, typed rows', 2.0, compare('typed', '--rows', count(5_000_000, 20_000))),
  against('flights', 'FLIGHTS', 1.5, compare('flights', flights)),
  against('wide', 'WIDE', 1.5, compare('wide', wide)),
  against('one-thread', '1 thread against DuckDB with 1 thread', 1.8, compare('s128', s128, '--threads', '1')),
  against('threads', '2 threads against 1 thread', 1.8, compare('threads', s128, '--threads', '2')),
  long('long'),
  long('long-uncached', '--drop-cache'),
  {
    name: 'memory', figure: 'peak working set above that at opening, less the budget', goal: '≤ 64 MiB', atMost: 64, unit: ' MiB',
    command: job('memory', '--budgets', smallest ? mib(32) : [64, 256, 1024, 4096].map(mib).join(','), '--leaves', count('1,128,10000', '1,4'), '--no-sync', ...(smallest ? ['--rows', '20000'] : [])),
    value: lines => Math.max(...lines.map(line => line.peakAboveBudgetMiB)),
    detail: lines => lines.map(line => `${line.budgetMiB} MiB, ${line.leaves}: ${line.peakAboveBudgetMiB}`).join('; '),
  },
  {
    name: 'allocations', figure: 'bytes allocated a row, Parquet', goal: '≤ 1', atMost: 1, unit: ' bytes',
    command: job('allocations', '--input', s128), value: lines => lines.at(-1).acceptingBytesPerRow, detail: lines => `collections by generation ${lines.at(-1).collections.join(', ')}`,
  },
  {
    name: 'allocations-typed', figure: 'bytes allocated a row, typed', goal: '≤ 1', atMost: 1, unit: ' bytes',
    command: job('memory', '--budgets', count(mib(256), mib(32)), '--leaves', count(128, 4), '--no-sync', ...(smallest ? ['--rows', '200000'] : [])),
    value: lines => lines.at(-1).acceptingBytesPerRow, detail: lines => `collections by generation ${lines.at(-1).collections.join(', ')}, the writing of files included`,
  },
  {
    name: 'leaves', figure: '10,000 leaves against 128, files apart', goal: 0.7, atLeast: 0.7, unit: ' ×',
    command: job('leaves', '--rows', count(10_000_000, 5_000), ...(smallest ? ['--leaves', '5,50', '--repeat', '1'] : [])),
    value: lines => lines.at(-1).speedAgainstFirst, detail: lines => lines.map(line => `${line.kind}: ${line.processorNanosecondsPerRow} ns`).join(', '),
  },
  {
    name: 'shapes', figure: 'worst of sorted, reverse, equal, common prefix (against random keys as long)', goal: 0.8, atLeast: 0.8, unit: ' ×',
    command: job('shapes', '--rows', count(2_000_000, 5_000), '--repeat', count(5, 1)),
    value: lines => Math.min(...shapeRatios(lines).map(([, ratio]) => ratio)), detail: lines => shapeRatios(lines).map(([kind, ratio]) => `${kind} ${ratio}`).join(', '),
  },
  {
    name: 'processes', figure: '4 processes into one table against one with the same cores', goal: 'no row lost', atLeast: 0, unit: ' ×',
    command: job('processes', '--rows', count(10_000_000, 20_000), '--repeat', count(3, 1)),
    value: lines => lines.at(-1).againstOneProcess.toSorted((a, b) => a - b)[Math.floor(lines.at(-1).againstOneProcess.length / 2)],
    detail: lines => `${lines.at(-1).againstOneProcess.join(', ')}; ${lines.at(-1).rowsInTable.toLocaleString('en')} rows in the table`,
  },
]

function shapeRatios(lines) {
  const of = Object.fromEntries(lines.map(line => [line.kind, line.processorSeconds]))
  return Object.keys(of).filter(kind => kind !== 'random' && kind !== 'long').map(kind => [kind, Number((of[kind === 'prefix' ? 'long' : 'random'] / of[kind]).toFixed(2))])
}

function execute([program, ...more]) {
  const [file, values] = program === 'runner' ? ['dotnet', [dll, ...more]] : [program, more]
  return execFileSync(file, values, { cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 })
}

for (const [file, workload, rows] of [[s128, 's128', count(10_000_000, 20_000)], [wide, 'wide', count(1_000_000, 2_000)]]) {
  if (!fs.existsSync(file)) {
    execute(['node', 'generate.mjs', workload, rows, file])
  }
}

console.log('| figure | goal | measured | | runs | command |\n|---|---|---|---|---|---|')
let failed = 0
for (const goal of goals) {
  if (only ? !only.includes(goal.name) : goal.isLong && !smallest && !args.includes('--with-long')) {
    continue
  }

  const shown = goal.command.map(part => path.isAbsolute(part) ? path.basename(part) : part).join(' ').replace(/^runner/, '$runner')
  try {
    const text = execute(goal.command)
    const lines = text.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line))
    if (log) {
      fs.appendFileSync(log, lines.map(line => JSON.stringify({ goal: goal.name, ...line }) + '\n').join(''))
    }

    const value = goal.value(lines)
    const isReached = goal.atMost === undefined ? value >= goal.atLeast : value <= goal.atMost
    const wanted = typeof goal.goal === 'number' ? `≥ ${goal.goal} ×` : goal.goal
    console.log(`| ${goal.figure} | ${wanted} | ${value}${goal.unit} | ${smallest ? 'too few rows to tell' : isReached ? 'reached' : 'missed'} | ${goal.detail(lines)} | \`${shown}\` |`)
  } catch (error) {
    failed++
    console.log(`| ${goal.figure} | | failed | | ${error.message.split('\n')[0]} | \`${shown}\` |`)
  }
}

process.exit(failed ? 1 : 0)
