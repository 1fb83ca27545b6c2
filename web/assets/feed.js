// 预警清单的实时部分: new warnings as they are raised. The page works without it.
//
// Where it goes on is the last entry it has heard of (?after=), which the server
// replays from: nothing is lost or told twice, whatever is cut. A row is put on the page
// only at its top, and only while nothing there is pointed at or has the focus; else
// it waits behind “有 N 条新预警 ↑”.
'use strict'
{
  const box = document.getElementById('feed')
  const words = box.dataset, body = document.getElementById('rows')
  const state = document.getElementById('feed-state'), more = document.getElementById('feed-new'), pause = document.getElementById('feed-pause')
  let last = Number(words.after), shown = Number(words.shown), paused = false, source, timer, asking = false, again = false, wait = 1000
  const held = []

  const say = key => { state.textContent = words[key]; box.dataset.now = key }
  const reading = () => paused || !body || words.sorted || body.getBoundingClientRect().top < 0 ||
    body.closest('table').matches(':hover') || body.closest('form').contains(document.activeElement) && document.activeElement.matches('input,select,textarea,button,a,summary')

  function place() {
    if (held.length && !reading()) for (const row of held.splice(0)) body.prepend(row)
    more.hidden = !held.length
    more.textContent = words.new.replace('{0}', held.length)
  }

  // look asks for the rows that this list has of what was raised.
  async function look() {
    if (asking) { again = true; return }
    asking = true
    try {
      do {
        again = false
        const at = new URL(words.rows, location.href)
        at.searchParams.set('after', shown)
        const r = await fetch(at, { credentials: 'same-origin', cache: 'no-store' })
        if (!r.ok) throw new Error(r.status)
        const page = new DOMParser().parseFromString('<table><tbody>' + await r.text(), 'text/html')
        const rows = [...page.querySelectorAll('tr[data-seq]')].sort((a, b) => a.dataset.seq - b.dataset.seq)
        for (const row of rows) {
          if (Number(row.dataset.seq) <= shown) continue
          shown = Number(row.dataset.seq)
          held.push(document.importNode(row, true))
        }
        if (rows.length >= 50) again = true
      } while (again)
      place()
    } catch { timer ??= setTimeout(() => { timer = undefined; look() }, 2000) }
    asking = false
  }

  function hear(e) {
    const seq = Number(e.lastEventId)
    if (seq <= last) return
    last = seq
    document.dispatchEvent(new CustomEvent('feed', { detail: seq }))
    let event
    try { event = JSON.parse(e.data) } catch { return }
    if (event.kind === 'alert.raised') look()
  }

  function open() {
    clearTimeout(timer)
    timer = undefined
    if (source || paused || document.hidden) return
    say('connecting')
    source = new EventSource(words.stream + '?after=' + last)
    source.onopen = () => { wait = 1000; say('live') }
    source.onmessage = hear
    source.onerror = () => { // we come back by ourselves: the browser gives up after an answer like 503
      shut()
      say('lost')
      timer = setTimeout(open, wait * (0.5 + Math.random()))
      wait = Math.min(wait * 2, 30000)
    }
  }
  function shut() { source?.close(); source = undefined; clearTimeout(timer); timer = undefined }

  pause.hidden = box.hidden = false
  pause.onclick = () => {
    paused = !paused
    pause.setAttribute('aria-pressed', paused)
    pause.textContent = paused ? words.resume : words.pause
    if (paused) { shut(); say('paused') } else open()
  }
  more.onclick = () => { if (!body) return location.reload(); body.prepend(...held.splice(0).reverse()); place(); body.querySelector('a')?.focus(); scrollTo({ top: body.closest('table').offsetTop }) }
  document.addEventListener('visibilitychange', () => { if (document.hidden) { shut(); say('hidden') } else if (!paused) open() })
  addEventListener('pagehide', shut)
  addEventListener('pageshow', e => { if (e.persisted) open() })
  for (const event of ['pointermove', 'focusout', 'scroll']) addEventListener(event, () => { if (held.length) requestAnimationFrame(place) }, { passive: true })

  // j and k go to the next and the last row, e opens it at what can be done, ? shows this.
  document.addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.keyCode === 229 || e.target.matches('input:not([type=checkbox]),select,textarea')) return
    const links = [...document.querySelectorAll('#rows th a')], at = links.findIndex(a => a.closest('tr').contains(document.activeElement))
    if (e.key === 'j') links[Math.min(at + 1, links.length - 1)]?.focus()
    else if (e.key === 'k') links[Math.max(at - 1, 0)]?.focus()
    else if (e.key === 'e' && at >= 0) location.href = links[at].href + '#act'
    else if (e.key === '?') { const help = document.getElementById('feed-keys'); help.open = !help.open; help.querySelector('summary').focus() }
    else return
    e.preventDefault()
  })
  open()
}
