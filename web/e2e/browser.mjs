// Chromium, and what is asked of a page in it.
import { mkdir, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import axe from 'axe-core/axe.min.js' // goes to each page: half the bytes
import { chromium } from 'playwright-core'
import { here, run } from './server.mjs'

/** The folder of pictures and papers, emptied at each run. */
export const out = join(here, 'out')
export let browser, chromiumPath

export async function launch() {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(p => p && existsSync(p))
  assert.ok(chromiumPath, 'chromium is missing: apt-get install chromium fonts-noto-cjk')
  browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server', '--lang=zh-CN'],
  })
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

/** violations runs axe on the page as it is shown now. */
export async function violations(page) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe.source)
  return page.evaluate(async tags => {
    const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'], preload: false })
    return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html).join(' | ')}`)
  }, axeTags)
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
