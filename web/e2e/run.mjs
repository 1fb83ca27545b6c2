// The public pages in a real browser, on the demonstration county: node run.mjs
//
// It starts ../../bin/yilu serve --demo on a free port with its own data, or takes
// the server at YILU_URL. Pictures of every page type are left in out/. Each page
// type is looked at in every width and language; axe, which takes seconds, sees
// each width, language and colour scheme in some of their combinations, and in all
// of them with YILU_E2E=all.
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import assert from 'node:assert/strict'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, 'out')
// The first, the second and the last are axe's; the others are where tables are
// widest for their window.
const widths = [320, 360, 800, 1000, 1280]
const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const budget = { list: 25 << 10, project: 14 << 10, css: 6 << 10, requests: 3, total: 30 << 10 }
const crawlPages = 600

let base = process.env.YILU_URL?.replace(/\/$/, '')
let server, data, browser, chromiumPath, port
/** The password of the demonstration's accounts, which is new at each start, and tokens
 * of programs by role. */
let password = process.env.YILU_PASSWORD
const tokens = {}
/** Pages of officers, each with the account that sees it, and the sessions by account. */
const seenBy = {
  warnings: 'auditor', warning: 'auditor', soon: 'auditor', payeeswarned: 'auditor', reports: 'auditor', precision: 'auditor', acts: 'auditor', proposals: 'auditor', propose: 'auditor',
  health: 'auditor', rights: 'auditor', password: 'auditor', factor: 'auditor', files: 'auditor', dossiers: 'auditor', dossier: 'auditor', bank: 'auditor', bankbatch: 'auditor',
  ledgers: 'auditor', fundledger: 'auditor', projectledger: 'auditor',
  me: 'project', people: 'security', person: 'security', tokens: 'system', trail: 'audit',
  day: 'maker', newforms: 'maker', form: 'maker', planform: 'maker', noticeform: 'maker', grantform: 'maker', reversal: 'maker', drafts: 'maker', entered: 'maker', deskentry: 'maker',
  import: 'maker', preview: 'maker', grid: 'maker', noticesdesk: 'maker', batches: 'maker', papers: 'maker', objectionsdesk: 'maker', objectiondesk: 'maker',
  checkerday: 'checker', approvals: 'checker', requests: 'checker', submission: 'checker', request: 'checker', payerday: 'payer', topay: 'payer', voucher: 'payer',
}
const officers = Object.keys(seenBy)
const sessions = {}
/** Pages that run our own script, one each. */
const scripted = ['proof', 'grid', 'form', 'planform', 'noticeform', 'grantform', 'reversal', 'approvals', 'requests', 'submission', 'request', 'warnings', 'soon', 'payeeswarned']
/** A fund that still has money in the project of that page type. */
let fundOfProject
const binary = join(here, '../../bin/yilu')
const run = promisify(execFile)
/** Address of each page type, found by following the pages' own links. */
const pages = {}

/** freePort finds a port below the range the system hands out by itself. */
async function freePort() {
  for (let port = 20000 + Math.floor(Math.random() * 10000); port < 32768; port++) {
    const free = await new Promise(resolve => {
      const probe = net.createServer().once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
  throw new Error('no free port')
}

async function start() {
  assert.ok(existsSync(binary), `${binary} is missing: make build`)
  data = await mkdtemp(join(tmpdir(), 'yilu-e2e-'))
  await chmod(data, 0o755) // PostgreSQL runs as another user when we are root
  port = await freePort()
  base = `http://127.0.0.1:${port}`
  await serve()
}

/** serve runs the server on its data until it answers; stop ends it. */
async function serve() {
  let log = '', said = ''
  server = spawn(binary, ['serve', '--demo', '--data', join(data, 'yilu'), '--listen', `127.0.0.1:${port}`, '--admin', ''], { stdio: ['ignore', 'pipe', 'pipe'] })
  server.stdout.on('data', chunk => {
    said += chunk
    password = /\/desk\/enter\s+\S*?\s*(demo-[a-z2-7]{10})\s/.exec(said)?.[1] ?? password
    for (const [, role, secret] of said.matchAll(/^ +(\w+) .*(yilu_[0-9A-Za-z]{43})/gm)) tokens[role] = secret
  })
  server.stderr.on('data', chunk => { log = (log + chunk).slice(-4000) })
  for (const until = Date.now() + 180_000; ;) {
    if (server.exitCode !== null) throw new Error(`yilu ended: ${log}`)
    if (Date.now() > until) throw new Error(`yilu is not ready: ${log}`)
    try { if ((await get('/')).status === 200) return } catch { /* not yet */ }
    await new Promise(resolve => setTimeout(resolve, 250))
  }
}

async function stop(signal = 'SIGTERM') {
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.kill(signal)
  await ended
}

/** get asks without a browser and counts the bytes on the wire. */
function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    http.get(base + path, { headers: { 'accept-encoding': 'gzip', ...headers } }, r => {
      const chunks = []
      r.on('data', c => chunks.push(c)).on('error', reject)
      r.on('end', () => resolve({ status: r.statusCode, headers: r.headers, body: Buffer.concat(chunks) }))
    }).on('error', reject)
  })
}

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options })
  return [await context.newPage(), context]
}

/** cookie is the header of the session for pages of officers. */
const cookie = type => seenBy[type] ? { cookie: sessions[seenBy[type]].cookies.map(c => `${c.name}=${c.value}`).join('; ') } : {}

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
    county: '/', about: '/about', funds: '/funds', documents: '/documents', projects: '/projects', payments: '/payments',
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
async function enter(page, user, path) {
  await page.goto(base + path)
  await page.locator('#account').fill(user)
  await page.locator('#password').fill(password)
  await page.locator('form.one button').click()
  assert.equal(page.url(), base + path)
}

/** as opens a page for an account of the demonstration, which has entered. */
async function as(user, options = {}) {
  if (!sessions[user]) {
    const [page, context] = await open()
    await enter(page, 'demo-' + user, '/desk/me')
    sessions[user] = await context.storageState()
    await context.close()
  }
  return open({ storageState: sessions[user], ...options })
}

/** payments is a sheet of payment requests for the project of a page type. */
const payments = (...rows) => Buffer.from(['日期,资金编号,项目编号,收款人全称,金额,用途', ...rows.map(([amount, payee]) => `2020-12-20,${fundOfProject},${pages.project.split('/').pop()},${payee ?? '某某建设有限公司'},${amount},款`)].join('\n'))

/** uploads sends a sheet by the form and waits for its preview. */
async function uploads(page, buffer) {
  await page.goto(base + '/desk/import')
  await page.locator('#sheetform').selectOption('payment')
  await page.locator('#file').setInputFiles({ name: '支付表.csv', mimeType: 'text/csv', buffer })
  await page.locator('button', { hasText: '上传并检查' }).click()
  await page.waitForFunction(() => document.querySelectorAll('main h2').length > 0)
}

/** scanned prints a page and reads the QR codes on the paper, each once. */
async function scanned(page, name) {
  await page.waitForLoadState('networkidle') // the stylesheet too
  const pdf = join(out, name + '.pdf')
  await page.pdf({ path: pdf, preferCSSPageSize: true, tagged: true })
  await run('pdftoppm', ['-r', '150', '-png', pdf, join(out, name)])
  const pictures = (await readdir(out)).filter(f => f.startsWith(name + '-') && f.endsWith('.png')).map(f => join(out, f))
  // 4 is that a sheet has no code: a long poster has it on the last.
  const { stdout } = await run('zbarimg', ['-q', '--raw', ...pictures]).catch(e => { if (e.code !== 4) throw e; return e })
  return [...new Set(stdout.trim().split('\n'))]
}

/** personal finds numbers that no public page may hold: of citizens, phones and cards. */
function personal(text) {
  const found = []
  for (const [run] of text.matchAll(/(?<![0-9a-fA-F])[0-9]{11,19}[0-9Xx]?(?![0-9a-fA-F])/g)) {
    const luhn = [...run].reverse().reduce((sum, d, i) => sum + (i % 2 ? (d * 2 > 9 ? d * 2 - 9 : d * 2) : +d), 0)
    const check = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((sum, w, i) => sum + w * run[i], 0) % 11
    if (run.length === 18 && '10X98765432'[check] === run[17].toUpperCase() && /^[1-6][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])/.test(run)) found.push('citizen')
    if (/^1[3-9][0-9]{9}$/.test(run)) found.push('phone')
    if (/^6[0-9]{15,18}$/.test(run) && luhn % 10 === 0) found.push('card')
  }
  return found
}

/** sideways is by how many pixels the page is wider than the window. */
const sideways = page => page.evaluate(() => {
  const root = document.scrollingElement
  return Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth
})

/** overlaps lists labels of a visible picture that lie on one another. */
const overlaps = page => page.$$eval('svg', pictures => pictures.flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]).filter(([, b]) => b.width > 0)
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([, q]) => p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 2 && q.top < p.bottom - 2)
    .map(([b]) => `${a} on ${b}`))
}))

/** violations runs axe on the page as it is shown now. */
const violations = page => page.evaluate(async tags => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'], preload: false })
  return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html).join(' | ')}`)
}, axeTags)

/** Which combinations axe sees, and which are pictured. */
const everything = process.env.YILU_E2E === 'all'
const seenByAxe = ['zh 360 light', 'zh 1280 dark', 'en 320 light']
const pictured = ['zh 360 light', 'zh 1280 dark']

async function look(type, language) {
  const path = (language === 'en' ? '/en' : '') + pages[type]
  const [page, context] = await open({ viewport: { width: widths[0], height: 740 }, storageState: seenBy[type] && sessions[seenBy[type]] })
  try {
    await page.goto(base + path)
    assert.equal(await page.locator('html').getAttribute('lang'), language === 'en' ? 'en' : 'zh-CN', path)
    assert.equal(await page.locator('script').count(), scripted.includes(type) ? 1 : 0, `${path}: scripts`)
    await page.evaluate(axe.source)
    // What officers see in English is the same page with longer words: where it is widest.
    const brief = language === 'en' && seenBy[type] && !everything
    for (const width of brief ? [320, 1000] : widths) {
      await page.setViewportSize({ width, height: 740 })
      assert.ok(await sideways(page) <= 0, `${path} at ${width} scrolls sideways`)
      assert.deepEqual(await overlaps(page), [], `${path} at ${width}: labels`)
      for (const colorScheme of ['light', 'dark']) {
        const how = `${language} ${width} ${colorScheme}`
        const checked = seenByAxe.includes(how) && !brief || everything && width !== 800 && width !== 1000
        if (!checked && !pictured.includes(how)) continue
        await page.emulateMedia({ colorScheme })
        if (checked) assert.deepEqual(await violations(page), [], `${path}: ${how}`)
        if (pictured.includes(how)) await page.screenshot({ path: join(out, `${type} ${how}.jpg`.replaceAll(' ', '-')), type: 'jpeg', quality: 70, fullPage: true, timeout: 120_000 })
      }
    }
    await page.setViewportSize({ width: 320, height: 740 })
    await page.evaluate(() => { document.documentElement.style.fontSize = '225%' })
    assert.ok(await sideways(page) <= 0, `${path} at 320 with 200 % text scrolls sideways`)
  } finally {
    await context.close()
  }
}

const types = ['county', 'about', 'funds', 'fund', 'document', 'documents', 'township', 'village', 'projects', 'project', 'grants', 'payments',
  'payment', 'batch', 'payees', 'payee', 'entries', 'entry', 'missing', 'empty', 'rules', 'rule', 'enter', 'login', 'begin', 'search', 'data', 'check',
  'contracts', 'tenders', 'bidders', 'bids', 'allocations', 'grantlist', 'notices', 'notice', 'plan', 'coverage', 'objections', 'object', 'paper', 'mine', ...officers]

describe('the public pages', () => {
  before(async () => {
    await rm(out, { recursive: true, force: true })
    await mkdir(out, { recursive: true })
    if (!base) await start()
    chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(p => p && existsSync(p))
    assert.ok(chromiumPath, 'chromium is missing: apt-get install chromium fonts-noto-cjk')
    browser = await chromium.launch({
      executablePath: chromiumPath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
        '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server', '--lang=zh-CN'],
    })
    await discover()
  }, { timeout: 300_000 })

  after(async () => {
    await browser?.close()
    if (server && server.exitCode === null) await stop()
    if (data) await rm(data, { recursive: true, force: true })
  })

  describe(`each page type: axe, reflow at ${widths.join(', ')}, 200 % text, no overlapping labels, no script`, { concurrency: 2 }, () => {
    for (const type of types) {
      test(type, { timeout: 240_000 }, async () => {
        await look(type, 'zh')
        await look(type, 'en')
      })
    }
  })

  describe('budgets', () => {
    test('bytes of every page type', async () => {
      for (const type of types) {
        for (const prefix of ['', '/en']) {
          const r = await get(prefix + pages[type], cookie(type))
          const most = type === 'project' || type === 'grants' ? budget.project : budget.list
          assert.ok(r.body.length <= most, `${prefix}${pages[type]} has ${r.body.length} bytes, at most ${most}`)
          if (!prefix) console.log(`# ${type} ${r.body.length} bytes`)
        }
      }
    })
    test('requests and bytes of a first visit', async () => {
      const [page, context] = await open()
      const requests = []
      page.on('requestfinished', r => requests.push(r))
      await page.goto(base + pages.project, { waitUntil: 'networkidle' })
      let total = 0
      for (const r of requests) {
        assert.equal(new URL(r.url()).origin, base, 'a foreign origin')
        const { responseBodySize } = await r.sizes()
        total += responseBodySize
        if (r.url().endsWith('.css')) assert.ok(responseBodySize <= budget.css, `stylesheet of ${responseBodySize} bytes`)
      }
      assert.ok(requests.length <= budget.requests, requests.map(r => r.url()).join(' '))
      assert.ok(total <= budget.total, `${total} bytes`)
      console.log(`# first visit of a project: ${requests.length} requests, ${total} bytes`)
      await context.close()
    })
    test('a page seen again is not sent again; assets are for ever', async () => {
      for (const type of types.filter(t => !['missing', 'log', 'proof', 'rules', 'rule', 'enter', 'login', 'begin', 'object', 'mine', ...officers].includes(t))) {
        const r = await get(pages[type])
        assert.ok(r.headers.etag, `${pages[type]} has no ETag`)
        const again = await get(pages[type], { 'if-none-match': r.headers.etag })
        assert.equal(again.status, 304, pages[type])
        assert.equal(again.body.length, 0)
      }
      const [page, context] = await open()
      await page.goto(base + '/')
      const css = await page.locator('link[rel=stylesheet]').getAttribute('href')
      assert.match((await get(css)).headers['cache-control'], /max-age=31536000, immutable/)
      await context.close()
    })
    test('the layout does not shift', async () => {
      const [page, context] = await open()
      await page.goto(base + pages.project, { waitUntil: 'networkidle' })
      const shift = await page.evaluate(() => new Promise(resolve => {
        let sum = 0
        new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value }).observe({ type: 'layout-shift', buffered: true })
        setTimeout(() => resolve(sum), 300)
      }))
      assert.ok(shift <= 0.05, `layout shift ${shift}`)
      await context.close()
    })
  })

  describe('without JavaScript', () => {
    test('a villager finds a project by its township', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + '/projects')
      await page.locator('select[name=place]').selectOption({ index: 3 })
      await page.locator('form button').click()
      assert.match(page.url(), /[?&]place=\d{9}/)
      await page.locator('main table a').first().click()
      assert.match(page.url(), /\/p\//)
      assert.ok(await page.locator('ol.stages > li').count() === 5, 'five stages')
      await page.locator('a.lang').click()
      assert.match(page.url(), /\/en\/p\//)
      await context.close()
    })
    test('from a document down to a payee and back', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + pages.document)
      await page.locator('a[href^="/payees/"]').first().click()
      assert.match(page.url(), /\/payees\//)
      await page.locator('main a[href^="/documents/-/no="]').first().click()
      assert.match(page.url(), /\/documents\/-\/no=/)
      await context.close()
    })
    test('a villager searches, and takes the list home', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + '/')
      await page.locator('header a[href="/search"]').click()
      await page.locator('input[name=q]').fill('颍阳')
      await page.locator('form button').click()
      await page.locator('main li a[href^="/places/"]').first().click()
      assert.match(page.url(), /\/places\/\d+$/)
      const link = await page.locator('main a[href$="/list.csv"]').first().getAttribute('href')
      const r = await get(link, { 'accept-encoding': 'identity' })
      assert.equal(r.status, 200)
      assert.match(r.headers['content-disposition'], /^attachment; filename\*=UTF-8''/)
      assert.equal(r.body.subarray(0, 3).toString('hex'), 'efbbbf')
      await context.close()
    })
  })

  describe('villagers and their offices, without JavaScript on a small screen', () => {
    test('my village in three taps', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + '/')
      await page.locator('main a[href="#townships"]').click()
      await page.locator('#townships ~ table a[href^="/places/"]').nth(3).click()
      await page.locator('ul.columns a').first().click()
      assert.match(page.url(), /\/places\/\d{12}$/)
      assert.match(await page.locator('h1').textContent(), /村/)
      await context.close()
    })
    test('slips are printed, and a household finds its own grants by the code', async () => {
      const [desk, its] = await as('maker', { javaScriptEnabled: false, viewport: { width: 1280, height: 900 } })
      await desk.goto(base + pages.papers)
      const form = desk.locator('form.papers', { has: desk.locator('input[value=slips]') }).first()
      if (await form.locator('input[type=checkbox]').count()) await form.locator('input[type=checkbox]').check()
      await form.locator('button').click()
      const slips = await desk.$$eval('.slip', all => all.map(s => ({ name: s.querySelector('.who b').textContent, code: s.querySelector('.code b').textContent })))
      assert.ok(slips.length > 1, 'no slips')
      assert.equal(new Set(slips.map(s => s.code)).size, slips.length)
      assert.deepEqual(await scanned(desk, 'slips'), [base + '/mine'])
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + '/')
      await page.locator('main a[href="/mine"]').click()
      await page.locator('#code').fill(slips[0].code.toLowerCase().replaceAll('-', ''))
      await page.locator('main form button').click()
      assert.equal(page.url(), base + '/mine', 'the code is in the address')
      const text = await page.locator('main').textContent()
      assert.match(text, /查到 \d+ 笔补助/)
      for (const s of slips) assert.ok(!text.includes(s.code) && !text.includes(s.name), 'a name or a code is shown')
      assert.equal((await get(await page.locator('main a[href^="/payments/"]').first().getAttribute('href'))).status, 200)
      await page.locator('main a[href="/mine"]').click()
      await page.locator('#code').fill('34679-34679-34679')
      await page.locator('main form button').click()
      assert.equal(await page.locator('#code').inputValue(), '34679-34679-34679', 'what was typed is kept')
      assert.ok(await page.locator('[role=alert]').isVisible())
      await Promise.all([context.close(), its.close()])
    })
    test('an objection gets an answer', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + pages.notice)
      await page.locator('main a[href^="/object"]').first().click()
      await page.locator('#topic').selectOption('quality')
      await page.locator('#text').fill('路面开裂，身份证 411025199001010012')
      await page.locator('main form button').click()
      const receipt = /[A-Z2-7]{4}(-[A-Z2-7]{4}){3}/.exec(await page.locator('main').textContent())[0]
      const number = /YJ\d{8}-[A-Z2-7]{8}/.exec(await page.locator('main').textContent())[0]
      const [desk, its] = await as('maker', { javaScriptEnabled: false })
      await desk.goto(base + '/desk/objections')
      await desk.locator(`a[href="/desk/objections/${number}"]`).click()
      assert.match(await desk.locator('blockquote').textContent(), /路面开裂/)
      const form = desk.locator('form', { has: desk.locator('input[value=answer]') })
      await form.locator('[name=question]').fill('路面是否开裂')
      await form.locator('[name=answer]').fill('已现场核查，施工单位已修补。')
      await form.locator('[name=objection_outcome]').selectOption('upheld')
      await form.locator('[name=answered_by]').fill('演示镇人民政府')
      await form.locator('button').click()
      assert.equal(await desk.locator('textarea').count(), 0)
      await page.goto(base + '/receipt')
      await page.locator('#number').fill(receipt)
      await page.locator('main form button').click()
      assert.match(await page.locator('main').textContent(), /施工单位已修补/)
      assert.match((await get('/objections/list.csv', { 'accept-encoding': 'identity' })).body.toString(), /施工单位已修补/)
      await Promise.all([context.close(), its.close()])
    })
    test('a poster is checked by its code, and the code on paper can be scanned', async () => {
      const [page, context] = await open({ viewport: { width: 1123, height: 1587 } })
      await page.goto(base + pages.poster)
      const [address] = await scanned(page, 'poster')
      assert.match(address, /\/c\/[0-9a-f]{12}$/)
      await page.goto(address)
      assert.match(await page.locator('.yes').textContent(), /与网上一致/)
      await context.close()
    })
    test('a poster is hung, its proof recorded, and coverage rises', { skip: !!process.env.YILU_URL && 'needs the data folder' }, async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + '/coverage/-/stage=P3')
      const text = async () => (await page.locator('main').textContent()).replace(/\s+/g, ' ')
      const before = await text()
      const project = 'GC2020-006' // its plan was never posted in the village
      const found = JSON.parse((await get(`/api/v1/books/411025/projects/${project}`, { 'accept-encoding': 'identity' })).body)
      const { stderr } = await run(join(here, '../../bin/yilu'), ['notice', '--data', join(data, 'yilu'), '--matter', 'P3', '--level', 'village', '--channel', 'board', '--entries', `${found.approved_seq}`,
        '--issuer', '演示乡人民政府', '--phone', '0374-3560000', '--user', 'demo-maker', '--unit', '411025-demo', '--post'])
      const notice = /\/notices\/(\S+)\/poster/.exec(stderr)[1]
      const [poster, its] = await open()
      await poster.goto(`${base}/notices/${notice}/poster`)
      const [address] = await scanned(poster, 'hung')
      assert.match(address, /\/c\/[0-9a-f]{12}$/)
      const day = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)
      const sent = await fetch(`${base}/api/v1/books/411025/entries`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens.maker}` },
        body: JSON.stringify({ id: `hung-${notice}`, kind: 'notice.hung', on: day, body: { notice, board: '村公示栏', hanger: { name: '演示张贴人', post: '村会计' },
          photo: { name: '照片.jpg', sha256: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', size: '1' }, place: found.place } }) })
      assert.equal(sent.status, 201, await sent.text())
      await page.goto(`${base}/notices/${notice}?shown=after`)
      assert.match(await text(), /演示张贴人/)
      await page.goto(base + '/coverage/-/stage=P3?shown=after')
      assert.notEqual(await text(), before, 'coverage did not move')
      await Promise.all([context.close(), its.close()])
    })
  })

  describe('officers without JavaScript', () => {
    test('a step that is refused keeps what was typed, and then is taken', async () => {
      const [page, context] = await as('auditor', { javaScriptEnabled: false })
      await page.goto(base + pages.warning)
      const summary = page.locator('summary', { hasText: '办理意见' })
      await summary.click()
      const form = page.locator('form', { has: page.locator('input[value="alert.commented"]') })
      await form.locator('textarea').fill('   ')
      await form.locator('button').click()
      assert.ok(await page.locator('[aria-invalid=true]').count() === 1, 'what is missing is marked')
      await form.locator('textarea').fill('已电话核实')
      await form.locator('button').click()
      assert.match(page.url(), /#history$/)
      assert.equal(await page.locator('blockquote').last().textContent(), '已电话核实')
      await context.close()
    })
    test('the public does not see warnings, and their pages are not kept', async () => {
      for (const type of officers) {
        const r = await get(pages[type])
        assert.equal(r.status, 401)
        assert.equal(r.headers['cache-control'], 'private, no-store')
      }
      const [page, context] = await open()
      await enter(page, 'demo-auditor-2', pages.warnings)
      await page.locator('form.bar-form button').click()
      await page.goto(base + pages.warnings)
      assert.ok(await page.locator('#account').isVisible(), 'left')
      await context.close()
    })
    test('a session that ends in a form loses nothing, and only its officer gets it back', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await enter(page, 'demo-auditor-2', pages.warning)
      const form = () => page.locator('form', { has: page.locator('input[value="alert.commented"]') })
      await page.locator('summary', { hasText: '办理意见' }).click()
      await form().locator('textarea').fill('写到一半的意见')
      const [other, elsewhere] = await open({ storageState: await context.storageState() })
      await other.goto(base + '/desk/me') // ends the session from another window
      await other.locator('tr', { hasText: '本次' }).locator('button').click()
      await elsewhere.close()
      await form().locator('button').click()
      assert.ok(await page.locator('#account').isVisible(), 'asks who it is')
      assert.ok(!(await page.content()).includes('写到一半的意见'), 'says nothing to strangers')
      await page.locator('#account').fill('demo-auditor-2')
      await page.locator('#password').fill(password)
      await page.locator('form.one button').click()
      assert.ok((await page.locator('dd').allTextContents()).includes('写到一半的意见'), 'offers it again')
      await page.locator('form.one button').click()
      assert.equal(await page.locator('blockquote').last().textContent(), '写到一半的意见')
      await context.close()
    })
    test('a role is proposed by one administrator and approved by another', async () => {
      const [page, context] = await as('security', { javaScriptEnabled: false })
      await page.goto(base + '/desk/people/demo-publicity')
      const form = page.locator('form[action$="/grant"]')
      await form.locator('select[name=role]').selectOption('leader')
      await form.locator('button').click()
      assert.match(page.url(), /#waiting$/)
      assert.equal(await page.locator('button[value=approve]').count(), 0, 'not by who proposed it')
      await context.close()
      const [second, another] = await as('audit', { javaScriptEnabled: false })
      await second.goto(base + '/desk/people')
      await second.locator('button[value=approve]').click()
      await second.goto(base + '/desk/people/demo-publicity')
      assert.ok((await second.locator('tbody').first().textContent()).includes('领导'))
      await another.close()
    })
  })

  describe('officers at their desks', () => {
    /** what the demonstration has money for: a project, its fund, and how much is left. */
    async function source() {
      const r = JSON.parse(await text('/api/v1/books/411025/projects?limit=200'))
      for (const p of r.items) {
        if (!['approved', 'started', 'completed', 'accepted'].includes(p.state)) continue
        const { quotas } = JSON.parse(await text(`/api/v1/books/411025/projects/${p.project}`))
        const q = quotas?.find(q => Number(q.allocated) - Number(q.requested) - Number(q.paid) > 100)
        if (q) return { project: p.project, fund: q.fund }
      }
      throw new Error('no project with money left')
    }
    const text = async path => (await get(path, { 'accept-encoding': 'identity' })).body.toString()

    test('a payment is entered by keyboard, typed in Chinese, approved and paid', { timeout: 120_000 }, async () => {
      const { project, fund } = await source()
      const [page, context] = await as('maker', { viewport: { width: 1280, height: 900 } })
      const faults = []
      page.on('pageerror', e => faults.push(e.message))
      page.on('console', m => m.type() === 'error' && !/status of 422/.test(m.text()) && faults.push(m.text())) // a form that is refused comes back as 422
      await page.goto(base + pages.form)
      const payment = await page.inputValue('[name="0.body.payment"]')
      const to = async name => { // by Tab alone
        for (let i = 0; i < 40; i++) {
          if (await page.evaluate(() => document.activeElement.name) === name) return
          await page.keyboard.press('Tab')
        }
        assert.fail(`Tab does not reach ${name}`)
      }
      await page.locator('[name="0.body.payment"]').focus()
      await to('0.body.project')
      await page.keyboard.type(project)
      await to('0.body.fund')
      await page.keyboard.type(fund)
      await to('0.body.amount')
      await page.keyboard.type('1,680.32')
      assert.equal(await page.locator('output[for="0.body.amount"]').textContent(), '壹仟陆佰捌拾元零叁角贰分')
      await page.waitForFunction(() => document.querySelector('.rest li')?.textContent.includes('指标余额'))
      await to('0.body.payee.name')
      await page.keyboard.type('示例水务设备有限公司')
      await to('0.body.purpose')
      const ime = await context.newCDPSession(page)
      await page.evaluate(() => { window.here = true })
      await ime.send('Input.imeSetComposition', { text: 'shuibiao', selectionStart: 8, selectionEnd: 8 })
      for (const type of ['rawKeyDown', 'keyUp']) await ime.send('Input.dispatchKeyEvent', { type, key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 })
      await ime.send('Input.insertText', { text: '水表采购款' })
      assert.ok(await page.evaluate(() => window.here), 'Enter while composing submits')
      assert.equal(await page.inputValue('[name="0.body.purpose"]'), '水表采购款')
      await page.locator('#saved').filter({ hasText: '草稿已自动保存' }).waitFor({ timeout: 20_000 })
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]) // checks, and submits nothing
      assert.ok(await page.locator('.checked .yes, .checked .no').count() > 0)
      assert.equal(await page.inputValue('[name="0.body.amount"]'), '1,680.32')
      if (await page.locator('button[value=submit]').count() === 0) { // a rule wants to know why
        for (const box of await page.locator('select[name$=".ground"]').all()) await box.selectOption('agreed')
        for (const box of await page.locator('input[name$=".file.name"]').all()) await box.fill('说明.pdf')
        for (const box of await page.locator('input[name$=".file.sha256"]').all()) await box.fill('A'.repeat(43) + '=')
        for (const box of await page.locator('input[name$=".file.size"]').all()) await box.fill('10')
        await Promise.all([page.waitForNavigation(), page.locator('p.buttons button[value=check]').click()])
      }
      await page.locator('button[value=submit]').focus()
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
      assert.match(page.url(), /\/desk\/entries\/\d+\?done=1$/)
      assert.deepEqual(faults, [])
      await context.close()

      const [checker, second] = await as('checker', { javaScriptEnabled: false })
      await checker.goto(base + '/desk/payments/' + payment)
      assert.match(await checker.locator('main').textContent(), /壹仟陆佰捌拾元零叁角贰分/)
      await checker.locator('button[value=approve]').click()
      assert.match(checker.url(), /done=1$/)
      await second.close()
      const [payer, third] = await as('payer', { javaScriptEnabled: false })
      await payer.goto(base + '/desk/new/payment.paid?payment=' + payment)
      await payer.locator('[name="0.body.voucher"]').fill('0012')
      await payer.locator('p.buttons button[value=check]').click()
      await payer.locator('button[value=submit]').click()
      assert.match(payer.url(), /done=1$/)
      await payer.goto(base + '/desk/payments/' + payment + '/voucher')
      assert.match(await payer.locator('.voucher').textContent(), /人民币壹仟陆佰捌拾元零叁角贰分/)
      await third.close()
    })
    test('capital numerals as typed are those of the book', async () => {
      const [page, context] = await as('maker')
      await page.goto(base + pages.form)
      for (const [typed, want] of [['1409.5', '壹仟肆佰零玖元伍角'], ['6007.14', '陆仟零柒元壹角肆分'], ['107000.53', '壹拾万柒仟元零伍角叁分'], ['16409.02', '壹万陆仟肆佰零玖元零贰分'], ['325.04', '叁佰贰拾伍元零肆分'],
        ['10549万', '壹亿零伍佰肆拾玖万元整'], ['200000005', '贰亿零伍元整'], ['１２.5万', '壹拾贰万伍仟元整'], ['0.05', '伍分'], ['-3', '负叁元整'], ['1.234', ''], ['x', '']]) {
        await page.locator('[name="0.body.amount"]').fill(typed)
        assert.equal(await page.locator('output[for="0.body.amount"]').textContent(), want, typed)
      }
      await context.close()
    })
  })

  describe('sheets', () => {
    test('bad rows are all said, and a mended sheet is submitted, without JavaScript', async () => {
      const [page, context] = await as('maker', { javaScriptEnabled: false })
      await page.goto(base + pages.preview)
      assert.deepEqual(await page.locator('table').first().locator('tbody th').allTextContents(), ['第 2 行', '第 4 行'])
      const file = await get(pages.preview + '/errors.xlsx', cookie('preview'))
      assert.equal(file.body.subarray(0, 2).toString(), 'PK')
      await page.goto(base + '/desk/import')
      await page.locator('#sheetform').selectOption('payment')
      await page.locator('#file').setInputFiles({ name: '改好.csv', mimeType: 'text/csv', buffer: payments(['0.01'], ['0.02']) })
      await page.locator('button', { hasText: '上传并检查' }).click()
      await page.waitForSelector('button[value=submit]')
      await page.locator('button[value=submit]').click()
      await page.waitForSelector('.yes')
      await page.locator('.yes a').click()
      assert.match(page.url(), /\/desk\/batches\/imp-payment-/)
      await context.close()
    })
    test('rows pasted from a sheet spread, are summed and judged; Enter while composing submits nothing', async () => {
      const [page, context] = await as('maker', { viewport: { width: 1280, height: 740 } })
      await page.goto(base + '/desk/grid')
      const rows = Array.from({ length: 9 }, (_, i) => [fundOfProject, pages.project.split('/').pop(), '', '某某建设有限公司', '', '', '', '', i === 2 ? '１.234' : `0.0${i + 1}`, '"进度\n款"', '进度款'].join('\t')).join('\r\n')
      await page.locator('#fund-1').focus()
      await page.evaluate(text => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text/plain', text)
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
      }, rows)
      assert.equal(await page.locator('tbody tr').count(), 9, 'rows are added')
      assert.equal(await page.locator('#purpose-9').inputValue(), '进度款')
      assert.equal(await page.locator('#stage-9').inputValue(), '进度款')
      assert.equal(await page.locator('#sum').textContent(), '0.42')
      assert.equal(await page.locator('#upper').textContent(), '肆角贰分')
      await page.locator('#amount-3-e').waitFor()
      await page.locator('#amount-3').fill('0.50')
      await page.locator('#amount-3').press('Enter')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'amount-4', 'Enter goes down')
      await page.keyboard.press('ArrowUp')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'amount-3')
      await page.waitForFunction(() => !document.getElementById('amount-3-e'))
      await page.locator('#payee-1').focus()
      const cdp = await context.newCDPSession(page)
      await cdp.send('Input.imeSetComposition', { text: 'qing', selectionStart: 4, selectionEnd: 4 })
      await page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true })))
      assert.equal(await page.evaluate(() => document.activeElement.id), 'payee-1', 'composing')
      await cdp.send('Input.insertText', { text: '青' })
      assert.match(await page.locator('#payee-1').inputValue(), /青/)
      await page.locator('button[value=submit]').click()
      await page.waitForURL(/\/desk\/batches\//)
      await context.close()
    })
    test('a sheet prints on A4 with its headings on every page', async () => {
      const [page, context] = await as('auditor', { viewport: { width: 1123, height: 794 } })
      await page.goto(base + pages.fundledger)
      await page.emulateMedia({ media: 'print' })
      assert.ok(!await page.locator('.bar-form').isVisible(), 'the desk is not printed')
      assert.equal(await page.locator('thead').first().evaluate(e => getComputedStyle(e).display), 'table-header-group')
      await page.pdf({ path: join(out, 'fund-ledger.pdf'), preferCSSPageSize: true, tagged: true })
      await context.close()
    })
  })

  describe('auditors', () => {
    let last = 0
    /** warn has a blocking rule refuse a payment, which is a warning; it returns when the answer came. */
    async function warn() {
      last++
      const body = { id: `e2e-${last}`, kind: 'payment.requested', on: '2020-12-28', body: { payment: `E2E-${last}`, project: 'BC2020-01', fund: 'ZJ2020-5', amount: '9.00', purpose: '测试', payee: { name: '某公司' },
        invoice: { number: String(88880000 + last), amount: '1.00' } } }
      const r = await fetch(base + '/api/v1/books/411025/entries', { method: 'POST', headers: { authorization: `Bearer ${tokens.maker}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
      assert.equal(r.status, 422)
    }
    const live = page => page.waitForFunction(() => document.getElementById('feed').dataset.now === 'live')
    const top = page => page.locator('#rows th a').first().textContent()
    const arrives = (page, n) => page.waitForFunction(text => document.querySelector('#rows th a').textContent.includes(text), String(88880000 + n))

    test('the list grows by itself, and never under the pointer, the focus or a pause', { timeout: 60_000 }, async () => {
      const [page, context] = await as('auditor', { viewport: { width: 1280, height: 900 } })
      await page.goto(base + '/alerts')
      await live(page)
      const began = Date.now()
      await warn()
      await arrives(page, last)
      console.log(`# a refused attempt was a row on the page after ${Date.now() - began} ms`)
      await page.locator('#rows th').nth(2).hover()
      const before = await top(page)
      await warn()
      await page.locator('#feed-new:visible').waitFor()
      assert.match(await page.locator('#feed-new').textContent(), /1/)
      assert.equal(await top(page), before, 'a row was put under the pointer')
      await page.mouse.move(2, 2)
      await arrives(page, last)
      await page.locator('#rows th a').nth(1).focus()
      const focused = await top(page)
      await warn()
      await page.locator('#feed-new:visible').waitFor()
      assert.equal(await top(page), focused, 'a row was put above the focus')
      await page.locator('#feed-new').click()
      await arrives(page, last)
      await page.evaluate(() => document.activeElement.blur())
      await page.locator('#feed-pause').click()
      assert.equal(await page.locator('#feed').getAttribute('data-now'), 'paused')
      const paused = await top(page)
      await warn()
      await page.waitForTimeout(1500)
      assert.equal(await top(page), paused)
      await page.locator('#feed-pause').click()
      await page.evaluate(() => document.activeElement.blur())
      await page.mouse.move(2, 2)
      await arrives(page, last)
      const hide = hidden => page.evaluate(hidden => {
        Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
      await hide(true)
      assert.equal(await page.locator('#feed').getAttribute('data-now'), 'hidden')
      await warn()
      await hide(false)
      await arrives(page, last)
      const rows = await page.$$eval('#rows tr', all => all.map(tr => tr.dataset.seq))
      assert.equal(new Set(rows).size, rows.length, 'a row twice')
      await context.close()
    })
    test('keys: j and k go through the rows, ? tells, e opens what can be done', async () => {
      const [page, context] = await as('auditor', { viewport: { width: 1280, height: 900 } })
      await page.goto(base + '/alerts?state=all')
      const at = () => page.evaluate(() => [...document.querySelectorAll('#rows th a')].indexOf(document.activeElement))
      for (const [key, want] of [['j', 0], ['j', 1], ['k', 0], ['k', 0]]) {
        await page.keyboard.press(key)
        assert.equal(await at(), want, key)
      }
      await page.keyboard.press('?')
      assert.ok(await page.locator('#feed-keys dl').isVisible())
      await page.locator('#region').focus()
      await page.keyboard.press('j')
      assert.equal(await page.locator('#region').inputValue(), 'j', 'typing is typing')
      await page.locator('#rows th a').first().focus()
      await page.keyboard.press('e')
      await page.waitForURL(/alerts\/a-.*#act$/)
      await context.close()
    })
    test('many at once, without scripts: each is looked at, then each is told', async () => {
      const [page, context] = await as('auditor', { javaScriptEnabled: false })
      await page.goto(base + '/alerts?level=yellow')
      assert.ok(!await page.locator('#feed').isVisible())
      await page.locator('input[name=pick]').nth(0).check()
      await page.locator('input[name=pick]').nth(1).check()
      await page.locator('summary', { hasText: '批量办理' }).click()
      await page.locator('#unit-bulk').fill('411025-NY')
      await page.locator('.inputs button').click()
      assert.equal(await page.locator('tbody tr').count(), 2)
      await page.locator('main form:not(.bar-form) button').click()
      assert.equal(await page.locator('tbody .yes').count(), 2)
      await context.close()
    })
    test('a server that is restarted: no event is lost or told twice', { timeout: 120_000 }, async t => {
      if (process.env.YILU_URL) return t.skip('the server is not ours')
      const [page, context] = await as('auditor', { viewport: { width: 1280, height: 900 } })
      await page.addInitScript(() => { window.ids = []; document.addEventListener('feed', e => window.ids.push(e.detail)) })
      await page.goto(base + '/alerts')
      await live(page)
      const first = Number(await page.locator('#feed').getAttribute('data-after'))
      await warn()
      await page.waitForFunction(() => window.ids.length > 0)
      for (const signal of ['SIGTERM', 'SIGTERM']) {
        await stop(signal)
        await page.waitForFunction(() => document.getElementById('feed').dataset.now !== 'live')
        await serve()
        await warn()
        await warn()
        const again = await context.newPage() // the demonstration's password is new, and ends the sessions of the old one
        await enter(again, 'demo-auditor', pages.warnings)
        await again.close()
        await live(page)
        await warn()
        await arrives(page, last)
      }
      const feed = await (await fetch(`${base}/api/v1/books/411025/alerts/feed?after=${first}&limit=500`, { headers: { authorization: `Bearer ${tokens.auditor}` } })).json()
      const want = feed.items.map(e => e.seq)
      await page.waitForFunction(n => window.ids.length >= n, want.length)
      assert.deepEqual(await page.evaluate(() => window.ids), want)
      for (const user of Object.keys(sessions)) delete sessions[user] // they ended with the old password
      await context.close()
    })
  })

  describe('an entry is checked in the browser', () => {
    /** check presses the button and returns what the steps and the verdict say. */
    async function check(page) {
      await page.evaluate(() => { document.getElementById('verdict').textContent = '' }) // of the time before
      await page.locator('#check button').click()
      await page.waitForFunction(() => document.getElementById('verdict').textContent)
      return { steps: await page.$$eval('#steps output', all => all.map(o => o.className)), verdict: await page.locator('#verdict').getAttribute('class') }
    }
    test('what is true holds; without witnesses that step stays open', async () => {
      const [page, context] = await open()
      await page.goto(base + pages.proof)
      assert.deepEqual(await check(page), { steps: ['yes', 'yes', 'yes', 'tag'], verdict: 'yes' })
      await context.close()
    })
    test('another key, a changed entry and a forged proof do not', async () => {
      const [page, context] = await open()
      await page.goto(base + pages.proof)
      const key = await page.locator('#key').inputValue()
      const [name, , encoded] = key.split('+')
      await page.locator('#key').fill(`${name}+00000000+${encoded}`)
      assert.deepEqual(await check(page), { steps: ['yes', 'yes', 'no', 'tag'], verdict: 'no' })
      await page.locator('#key').fill(key)
      await page.route('**/leaf/*', async route => {
        const r = await route.fetch()
        await route.fulfill({ response: r, body: (await r.text()).replace('"v":"1"', '"v":"2"') })
      })
      assert.deepEqual(await check(page), { steps: ['no', 'no', 'yes', 'tag'], verdict: 'no' })
      await page.unroute('**/leaf/*')
      await page.route('**/proof/*', async route => {
        const r = await route.fetch()
        await route.fulfill({ response: r, body: (await r.text()).replace(/\n(\d+)\n/, (_, n) => `\n${+n + 1}\n`) })
      })
      assert.equal((await check(page)).verdict, 'no')
      await context.close()
    })
    test('without scripts the files are there to be taken', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + pages.proof)
      assert.ok(await page.locator('#unable').isVisible())
      assert.ok(!await page.locator('#check').isVisible())
      assert.equal(await page.locator('a[download]').count(), 3)
      await context.close()
    })
  })

  describe('keyboard, paper, colours of the system', () => {
    test('the first Tab skips to the content', async () => {
      const [page, context] = await open()
      await page.goto(base + '/')
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate(() => document.activeElement.className), 'skip')
      assert.ok((await page.locator('.skip').boundingBox()).x >= 0, 'the skip link is seen')
      await page.keyboard.press('Enter')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
      await context.close()
    })
    test('print and forced colours keep the page whole', async () => {
      const [page, context] = await open({ forcedColors: 'active', viewport: { width: 794, height: 1123 } })
      await page.goto(base + pages.project)
      assert.ok(await sideways(page) <= 0)
      await page.screenshot({ path: join(out, 'project-forced-colours.png') })
      await page.emulateMedia({ media: 'print', forcedColors: 'none' })
      assert.ok(await sideways(page) <= 0)
      assert.ok(!await page.locator('nav').first().isVisible(), 'the menu is not printed')
      await page.pdf({ path: join(out, 'project.pdf'), preferCSSPageSize: true, tagged: true })
      await context.close()
    })
  })

  describe('figures', () => {
    test('every equation of the trace of all documents holds', async () => {
      const [page, context] = await open()
      await page.goto(base + '/documents')
      assert.equal(await page.locator('.no').count(), 0)
      const sums = await page.$$eval('table:first-of-type', tables => [...tables[0].querySelectorAll('tbody tr, tfoot tr')].map(tr =>
        [...tr.querySelectorAll('td.n')].map(td => Number(td.textContent.replaceAll(',', '').replace('.', '')))))
      const total = sums.pop()
      total.forEach((want, i) => assert.equal(sums.reduce((a, row) => a + row[i], 0), want, `column ${i}`))
      for (const row of [...sums, total]) {
        assert.equal(row[0], row[1] + row[2] + row[3] + row[4], 'received = in hand + allocated + paid + returned')
        assert.equal(row[3], row[5], 'paid = all payees')
      }
      console.log(`# ${sums.length} documents, received ${total[0] / 100}, payees ${total[5] / 100}`)
      await context.close()
    })
    test('made-up data is marked', async () => {
      const r = await get('/en/', { 'accept-encoding': 'identity' })
      assert.match(r.body.toString(), /class="demo"/)
    })
  })

  // Lighthouse 12.8.2 brings 200 packages, so it is not installed here: npm i it anywhere
  // and set YILU_LIGHTHOUSE to its cli/index.js. On a busy machine performance is less.
  describe('lighthouse on a phone', { skip: !process.env.YILU_LIGHTHOUSE && 'YILU_LIGHTHOUSE is not set' }, () => {
    for (const type of ['county', 'project', 'notice']) {
      test(type, { timeout: 180_000 }, async () => {
        const { stdout } = await run(process.execPath, [process.env.YILU_LIGHTHOUSE, base + pages[type], '--quiet', '--output=json', '--only-categories=performance,accessibility,best-practices',
          '--no-enable-error-reporting', '--max-wait-for-load=20000',
          '--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage --no-proxy-server',
        ], { maxBuffer: 64 << 20, env: { ...process.env, CHROME_PATH: chromiumPath } })
        const scores = Object.fromEntries(Object.values(JSON.parse(stdout).categories).map(c => [c.id, Math.round(c.score * 100)]))
        console.log(`# ${type}: ${JSON.stringify(scores)}`)
        assert.deepEqual(scores, { performance: 100, accessibility: 100, 'best-practices': 100 })
      })
    }
  })

  describe('links', () => {
    test(`${crawlPages} pages lead to no dead end`, { timeout: 180_000 }, async () => {
      const seen = new Set(), queue = [...Object.values(pages).filter(p => p !== pages.missing && !p.startsWith('/alerts') && !p.startsWith('/desk')), '/en/']
      // A few of each kind first, so that the bound cuts off repetition only.
      const kind = path => path.replace(/[0-9]+/g, '0').replace(/\?.*/, '?')
      const taken = new Map()
      while (queue.length && seen.size < crawlPages) {
        const path = queue.shift()
        if (seen.has(path)) continue
        seen.add(path)
        const r = await get(path, { 'accept-encoding': 'identity' })
        if (r.status === 302 && path.includes('/check?entry=')) { queue.push(r.headers.location); continue }
        assert.equal(r.status, 200, path)
        assert.deepEqual(personal(r.body.toString()), [], `${path} holds a personal number`)
        for (const [, found] of r.body.toString().matchAll(/href="([^"#]+)/g)) {
          const link = found.replaceAll('&amp;', '&').replaceAll('&#43;', '+')
          if (!link.startsWith('/') || link.includes('/alerts') || link.includes('/desk') || seen.has(link)) continue
          const n = (taken.get(kind(link)) ?? 0) + 1
          taken.set(kind(link), n)
          if (n <= 60) queue.push(link)
        }
      }
      console.log(`# ${seen.size} pages reached`)
    })
  })
})
