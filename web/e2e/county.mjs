// The demonstration county: its server, its pages and its accounts.
import http from 'node:http'
import assert from 'node:assert/strict'
import { open } from './browser.mjs'
import { Server, answerWithin } from './server.mjs'

export let base = process.env.YILU_URL?.replace(/\/$/, '')
/** Where the data of our server is. */
export let data
let server
/** The password of the demonstration's accounts, which is new at each start, and tokens
 * of programs by role. */
export let password = process.env.YILU_PASSWORD
export const tokens = {}
/** Pages of officers, each with the account that sees it, and the sessions by account. */
export const seenBy = {
  warnings: 'auditor', warning: 'auditor', soon: 'auditor', payeeswarned: 'auditor', reports: 'auditor', precision: 'auditor', acts: 'auditor', proposals: 'auditor', propose: 'auditor',
  health: 'auditor', rights: 'auditor', password: 'auditor', factor: 'auditor', files: 'auditor', dossiers: 'auditor', dossier: 'auditor', bank: 'auditor', bankbatch: 'auditor',
  ledgers: 'auditor', fundledger: 'auditor', projectledger: 'auditor',
  me: 'project', people: 'security', person: 'security', tokens: 'system', trail: 'audit',
  day: 'maker', newforms: 'maker', form: 'maker', planform: 'maker', noticeform: 'maker', grantform: 'maker', reversal: 'maker', drafts: 'maker', entered: 'maker', deskentry: 'maker',
  import: 'maker', preview: 'maker', grid: 'maker', noticesdesk: 'maker', batches: 'maker', papers: 'maker', objectionsdesk: 'maker', objectiondesk: 'maker',
  checkerday: 'checker', approvals: 'checker', requests: 'checker', submission: 'checker', request: 'checker', payerday: 'payer', topay: 'payer', voucher: 'payer',
}
export const officers = Object.keys(seenBy)
export const sessions = {}
/** A fund that still has money in the project of that page type. */
export let fundOfProject
/** Address of each page type, found by following the pages' own links. */
export const pages = {}

/** begin starts the county, unless it runs already, and finds its pages. */
export async function begin() {
  if (!base) {
    server = await Server.make(said => {
      password = /\/desk\/enter\s+\S*?\s*(demo-[a-z2-7]{10})\s/.exec(said)?.[1] ?? password
      for (const [, role, secret] of said.matchAll(/^ +(\w+) .*(yilu_[0-9A-Za-z]{43})/gm)) tokens[role] = secret
    })
    ;({ base, data } = server)
    await serve()
  }
  await discover()
}

/** serve and stop run and end the server on its data; end takes all of it away. */
export const serve = () => server.serve('--demo')
export const stop = signal => server.stop(signal)
export const end = () => server?.remove()

/** get asks without a browser and counts the bytes on the wire. */
export function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    http.get(base + path, { signal: AbortSignal.timeout(answerWithin), headers: { 'accept-encoding': 'gzip', ...headers } }, r => {
      const chunks = []
      r.on('data', c => chunks.push(c)).on('error', reject)
      r.on('end', () => resolve({ status: r.statusCode, headers: r.headers, body: Buffer.concat(chunks) }))
    }).on('error', reject)
  })
}

/** cookie is the header of the session for pages of officers. */
export const cookie = type => seenBy[type] ? { cookie: sessions[seenBy[type]].cookies.map(c => `${c.name}=${c.value}`).join('; ') } : {}

/** linksOf lists the addresses a page links to, without fragments. */
const linksOf = page => page.$$eval('a[href]', all => all.map(a => a.getAttribute('href').split('#')[0]).filter(Boolean))

async function discover() {
  const [page, context] = await open()
  const first = async (from, pattern) => {
    await page.goto(base + from)
    const found = (await linksOf(page)).find(link => pattern.test(link))
    assert.ok(found, `${from} links to no ${pattern}`)
    return found
  }
  Object.assign(pages, {
    county: '/', flow: '/flow', about: '/about', funds: '/funds', documents: '/documents', projects: '/projects', payments: '/payments',
    payees: '/payees', entries: '/entries', search: '/search?q=%E9%A2%8D%E9%98%B3', data: '/data', check: '/check', contracts: '/contracts',
    tenders: '/tenders', bidders: '/bidders', bids: '/bids', allocations: '/allocations', grantlist: '/grants', missing: '/none', empty: '/projects?text=%F0%A0%85%A4',
  })
  pages.fund = await first('/funds', /^\/funds\/./)
  pages.document = await first('/funds', /^\/documents\/-\/no=/)
  pages.township = await first('/', /^\/places\/\d{9}$/)
  pages.project = await first('/projects?state=accepted&type=construction', /^\/p\/./)
  pages.grants = await first('/projects?type=industry&state=accepted', /^\/p\/./)
  pages.village = await first(pages.project, /^\/places\/\d{12}$/)
  pages.payment = await first(pages.project, /^\/payments\/./)
  pages.payee = await first(pages.project, /^\/payees\/./)
  pages.entry = await first(pages.payment, /^\/entries\/./)
  const seq = /entry=(\d+)$/.exec(pages.entry)[1]
  pages.proof = `/entries/${seq}/proof`
  const leaf = `/log/411025/leaf/${seq}`
  for (const until = Date.now() + 60_000; (await get(leaf)).status !== 200;) { // until it is signed
    assert.ok(Date.now() < until, `${leaf} is not published`)
    await new Promise(resolve => setTimeout(resolve, 250))
  }
  pages.log = '/log'
  pages.notices = '/notices'
  pages.notice = await first('/notices?stage=P7&level=village', /^\/notices\/./)
  pages.plan = await first('/notices?stage=P3&level=county', /^\/notices\/./)
  pages.poster = pages.notice + '/poster'
  pages.coverage = '/coverage?place=411025103'
  pages.objections = '/objections'
  pages.object = '/object?notice=' + pages.notice.split('/').pop()
  pages.paper = '/c/000000000000'
  pages.rules = '/rules'
  pages.rule = await first('/rules', /^\/rules\/./)
  pages.enter = '/alerts?state=all'
  pages.warnings = '/alerts?state=all'
  pages.bidder = await first('/bidders', /^\/bidders\/./)
  pages.batch = await first('/payees', /^\/payments\/./)
  pages.mine = '/mine'
  fundOfProject = (await first(pages.project, /^\/funds\/./)).split('/').pop()
  await context.close()
  for (const user of new Set(Object.values(seenBy))) await (await as(user))[1].close()
  await discoverDesks()
}

/** discoverDesks finds an address of each page of officers. */
async function discoverDesks() {
  const found = async (user, path, pattern) => {
    const [page, context] = await as(user)
    for (const until = Date.now() + 60_000; ;) { // lists of entries and warnings follow the log
      await page.goto(base + path)
      const link = (await linksOf(page)).find(link => pattern.test(link))
      if (link) { await context.close(); return link }
      assert.ok(Date.now() < until, `${path} leads ${user} to no ${pattern}`)
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  }
  Object.assign(pages, {
    me: '/desk/me', rights: '/desk/rights', password: '/desk/password', factor: '/desk/factor', people: '/desk/people', person: '/desk/people/demo-town',
    tokens: '/desk/tokens', trail: '/desk/trail', begin: '/desk/begin', login: '/desk/enter',
    day: '/desk', newforms: '/desk/new', form: '/desk/new/payment.requested', planform: '/desk/new/project.approved', noticeform: '/desk/new/notice.posted',
    grantform: '/desk/new/grant.requested', drafts: '/desk/drafts', entered: '/desk/entries?whose=all&kind=payment.requested', checkerday: '/desk',
    approvals: '/desk/approvals', requests: '/desk/approvals?what=payment', payerday: '/desk', topay: '/desk/pay',
    soon: '/alerts?queue=soon&days=30', payeeswarned: '/alerts?state=all&by=payee', reports: '/desk/reports', precision: '/desk/precision', acts: '/desk/acts',
    proposals: '/desk/rules', propose: '/desk/rules/P13', health: '/desk/health',
    files: '/desk/files', dossiers: '/desk/dossier', bank: '/desk/bank', ledgers: '/desk/ledger', import: '/desk/import', grid: '/desk/grid',
    dossier: pages.project.replace('/p/', '/desk/dossier/'), projectledger: pages.project.replace('/p/', '/desk/ledger/projects/'),
    fundledger: pages.fund.replace('/funds/', '/desk/ledger/funds/'), noticesdesk: '/desk/notices', batches: '/desk/slips', objectionsdesk: '/desk/objections?state=all',
  })
  pages.warning = await found('auditor', pages.warnings, /^\/alerts\/a-/)
  pages.submission = await found('checker', '/desk/approvals', /^\/desk\/submissions\/./)
  pages.request = await found('checker', '/desk/approvals?what=payment', /^\/desk\/payments\/./)
  pages.voucher = await found('payer', '/desk/approvals?what=payment&state=paid', /^\/desk\/payments\/./) + '/voucher'
  pages.deskentry = await found('maker', '/desk/entries?whose=all&kind=fund.allocated', /^\/desk\/entries\/\d/)
  pages.reversal = '/desk/new/entry.reversed?corrects=' + pages.deskentry.split('/').pop()
  pages.papers = await found('maker', pages.batches, /^\/desk\/slips\/./)
  pages.objectiondesk = await found('maker', pages.objectionsdesk, /^\/desk\/objections\/YJ/)
  pages.bankbatch = await found('auditor', '/desk/bank', /^\/desk\/bank\/./)
  const [page, context] = await as('maker') // a sheet with bad rows
  await uploads(page, payments(['12.345'], ['100'], ['约5']))
  pages.preview = new URL(page.url()).pathname
  await context.close()
}

/** enter logs in where a page of officers asks for it. */
export async function enter(page, user, path) {
  await page.goto(base + path)
  await page.locator('#account').fill(user)
  await page.locator('#password').fill(password)
  await page.locator('form.one button').click()
  assert.equal(page.url(), base + path)
}

/** as opens a page for an account of the demonstration, which has entered. */
export async function as(user, options = {}) {
  if (!sessions[user]) {
    const [page, context] = await open()
    await enter(page, 'demo-' + user, '/desk/me')
    sessions[user] = await context.storageState()
    await context.close()
  }
  return open({ storageState: sessions[user], ...options })
}

/** payments is a sheet of payment requests for the project of a page type. */
export const payments = (...rows) => Buffer.from(['日期,资金编号,项目编号,收款人全称,金额,用途', ...rows.map(([amount, payee]) => `2020-12-20,${fundOfProject},${pages.project.split('/').pop()},${payee ?? '某某建设有限公司'},${amount},款`)].join('\n'))

/** uploads sends a sheet by the form and waits for its preview. */
export async function uploads(page, buffer) {
  await page.goto(base + '/desk/import')
  await page.locator('#sheetform').selectOption('payment')
  await page.locator('#file').setInputFiles({ name: '支付表.csv', mimeType: 'text/csv', buffer })
  await page.locator('button', { hasText: '上传并检查' }).click()
  await page.waitForFunction(() => document.querySelectorAll('main h2').length > 0)
}

