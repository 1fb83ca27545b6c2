// Chromium, and what is asked of a page in it.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import assert from 'node:assert/strict'
import axe from 'axe-core/axe.min.js' // goes to each page: half the bytes
import { chromium } from 'playwright-core'
import { answerWithin, ask, freePort, here, run } from './server.mjs'

/** The folder of pictures and papers, emptied at each run. */
export const out = join(here, 'out')
export let browser
let chromiumPath
const chromiumArgs = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server', '--lang=zh-CN']

export async function launch() {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(p => p && existsSync(p))
  assert.ok(chromiumPath, 'chromium is missing: apt-get install chromium fonts-noto-cjk')
  browser = await chromium.launch({
    executablePath: chromiumPath,
    args: chromiumArgs,
  })
}

/** withFonts starts a browser of its own that has drawn Chinese in both weights, and calls use with the port that it can be driven by. */
export async function withFonts(use) {
  const profile = await mkdtemp(join(tmpdir(), 'yilu-lighthouse-')), port = await freePort()
  const own = spawn(chromiumPath, ['--headless=new', ...chromiumArgs, `--user-data-dir=${profile}`, `--remote-debugging-port=${port}`,
    'data:text/html;charset=utf-8,<html lang=zh-CN><title>drawn</title><p style="font-family:Noto Sans CJK SC">一<b>一</b>'], { stdio: 'ignore' })
  const ended = new Promise(resolve => own.once('exit', resolve))
  try {
    for (const until = Date.now() + answerWithin; ;) {
      const tabs = await ask(`http://127.0.0.1:${port}/json/list`).then(r => r.json()).catch(() => [])
      if (tabs.some(tab => tab.title === 'drawn')) break
      assert.ok(Date.now() < until, 'chromium does not answer')
      await sleep(200)
    }
    await sleep(500) // the title is known before the fonts are
    return await use(port)
  } finally {
    own.kill('SIGKILL')
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

export async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options })
  return [await context.newPage(), context]
}

/** scanned prints a page and reads the QR codes on the paper, each once. */
export async function scanned(page, name) {
  await page.waitForLoadState('networkidle') // the stylesheet too
  const pdf = join(out, name + '.pdf')
  await page.pdf({ path: pdf, preferCSSPageSize: true, tagged: true })
  await run('pdftoppm', ['-r', '150', '-png', pdf, join(out, name)])
  const pictures = (await readdir(out)).filter(f => f.startsWith(name + '-') && f.endsWith('.png')).map(f => join(out, f))
  // 4 is that a sheet has no code: a long poster has it on the last.
  const { stdout } = await run('zbarimg', ['-q', '--raw', ...pictures]).catch(e => { if (e.code !== 4) throw e; return e })
  return [...new Set(stdout.trim().split('\n'))]
}

/** sideways is by how many pixels the page is wider than the window, with what waits below the screen laid out too. */
export const sideways = page => page.evaluate(() => {
  if (!document.adoptedStyleSheets.length) {
    const all = new CSSStyleSheet()
    all.replaceSync('*{content-visibility:visible!important}')
    document.adoptedStyleSheets.push(all)
  }
  const root = document.scrollingElement
  return Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth
})

const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** markKinds marks what stands for its kind: the first two of all elements that have the same names, classes and attributes up to the root, and the
 * same colours on the way. Of a table with two hundred rows these are two rows of each sort. */
const markKinds = page => page.evaluate(() => {
  const known = new Map([[null, 0]]), seen = new Map()
  for (const e of document.querySelectorAll('*')) {
    const { color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight, textShadow, position, display, visibility } = getComputedStyle(e)
    const text = [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim())
    const kind = [known.get(e.parentElement), e.tagName, e.className, e.type, e.getAttributeNames().filter(n => n !== 'data-kind'), text, e.matches(':disabled'), e.control?.disabled, e.checkVisibility(),
      color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight, textShadow, position, display, visibility].join()
    if (!seen.has(kind)) seen.set(kind, { id: seen.size + 1, n: 0 })
    const { id, n } = seen.get(kind)
    known.set(e, id)
    seen.get(kind).n++
    e.toggleAttribute('data-kind', n < 2)
  }
})

/** everything asks axe for all that run.mjs tells. */
export const everything = process.env.YILU_E2E === 'all'

/** violations runs axe on the page as it is shown now; contrast, which takes most of its time, only if it is asked to, and of what stands for its kind. */
export async function violations(page, contrast = true) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe.source)
  if (contrast && !everything) await markKinds(page)
  return page.evaluate(async ([tags, contrast, selector]) => {
    axe.configure({ rules: [{ id: 'color-contrast', selector }] })
    const found = await axe.run(document, { runOnly: tags, rules: { 'color-contrast': { enabled: contrast } }, resultTypes: ['violations'], preload: false })
    return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html).join(' | ')}`)
  }, [axeTags, contrast, everything ? '*' : '[data-kind]'])
}

/** fits wants a page that came of a form, and has no address, to be as good as others: for axe, on a phone and on a desk. */
export async function fits(page, what) {
  const before = page.viewportSize()
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 740 })
    assert.ok(await sideways(page) <= 0, `${what} at ${width} scrolls sideways`)
    assert.deepEqual(await violations(page), [], `${what} at ${width}`)
  }
  await page.setViewportSize(before)
}
