// The pages in a real browser, on the demonstration county: node run.mjs
//
// It starts ../../bin/yilu serve --demo on a free port with its own data, or takes
// the server at YILU_URL. Each page type is looked at in every width and language; axe,
// which takes seconds, sees each width, language and colour scheme in some of their
// combinations, and in all of them with YILU_E2E=all. That, or YILU_E2E=pictures, leaves
// pictures of every page type in out/. `node run.mjs officer auditor` runs these parts
// alone; a part is a file that exports its checks, and own if it brings a server of its
// own. They go one after the other.
import { after, before, describe } from 'node:test'
import { browser, launch } from './browser.mjs'
import { begin, end } from './county.mjs'
import { beginWithin, endWithin } from './server.mjs'

const parts = ['everyone', 'villager', 'desk', 'administrator', 'officer', 'auditor', 'year', 'public']
const asked = process.argv.slice(2)
const unknown = asked.filter(part => !parts.includes(part))
if (unknown.length) throw new Error(`no part ${unknown.join(', ')}: there are ${parts.join(', ')}`)

const chosen = await Promise.all(parts.filter(part => !asked.length || asked.includes(part)).map(part => import(`./${part}.mjs`)))

const county = chosen.filter(part => !part.own), own = chosen.filter(part => part.own)

describe('the pages', () => {
  before(launch, { timeout: endWithin })
  after(() => browser?.close(), { timeout: endWithin })

  if (county.length) {
    describe('of the demonstration county', () => {
      before(begin, { timeout: beginWithin + 120_000 })
      after(end, { timeout: endWithin })
      for (const part of county) part.checks()
    })
  }
  for (const part of own) part.checks()
})
