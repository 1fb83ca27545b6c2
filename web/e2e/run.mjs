// The pages in a real browser, on the demonstration county: node run.mjs
//
// It starts ../../bin/yilu serve --demo on a free port with its own data, or takes
// the server at YILU_URL. Each page type is looked at in every width and language; axe,
// which takes seconds, sees each width, language and colour scheme in some of their
// combinations, and the contrast of the first texts of a kind; with YILU_E2E=all it sees
// all of them. That, or YILU_E2E=pictures, leaves pictures of every page type in out/.
// `node run.mjs officer auditor` runs these parts alone; a part is a file that exports its
// checks, and own if it brings a server of its own. They go one after the other, two pages
// at a time: the part everyone has two of its own, and beside the others, which show one,
// goes what has a server of its own.
import { after, before, describe } from 'node:test'
import { browser, launch } from './browser.mjs'
import { begin, end } from './county.mjs'
import { beginWithin, endWithin } from './server.mjs'

const parts = ['everyone', 'villager', 'desk', 'administrator', 'officer', 'auditor', 'year', 'public']
const asked = process.argv.slice(2)
const unknown = asked.filter(part => !parts.includes(part))
if (unknown.length) throw new Error(`no part ${unknown.join(', ')}: there are ${parts.join(', ')}`)

const chosen = await Promise.all(parts.filter(part => !asked.length || asked.includes(part)).map(part => import(`./${part}.mjs`)))

const everyone = chosen.filter(part => part.two), own = chosen.filter(part => part.own), county = chosen.filter(part => !part.two && !part.own)
const inTurn = { concurrency: 1 }

/** stories are the parts that show one page at a time. */
const stories = () => describe('stories', { concurrency: 2 }, () => {
  if (county.length) describe('in the county', inTurn, () => county.forEach(part => part.checks()))
  for (const part of own) describe('beside it', inTurn, () => part.checks())
})

describe('the pages', () => {
  before(launch, { timeout: endWithin })
  after(() => browser?.close(), { timeout: endWithin })

  if (everyone.length + county.length === 0) return stories()
  describe('of the demonstration county', () => {
    before(begin, { timeout: beginWithin + 120_000 })
    after(end, { timeout: endWithin })
    for (const part of everyone) part.checks()
    if (county.length + own.length) stories()
  })
})
