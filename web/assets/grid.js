// Helps with the grid of payments: keys, pasting from a sheet, sums, and what is wrong
// with a row while the next one is typed. Without it the page works by its buttons.
'use strict'
{
  const form = document.querySelector('form.rows'), body = form.querySelector('tbody')
  const most = Number(form.dataset.most)
  const cell = (row, name) => document.getElementById(`${name}-${row}`)
  const names = [...body.rows[0].querySelectorAll('[name]')].map(x => x.name.split('-')[0])
  const count = () => body.rows.length
  const place = x => { const [name, row] = x.name.split('-'); return { column: names.indexOf(name), row: Number(row) } }

  /** addRow copies the last row, empty, under the next number. */
  function addRow() {
    if (count() >= most) return false
    const row = body.rows[count() - 1].cloneNode(true), n = count() + 1
    row.querySelector('th').firstChild.textContent = n
    for (const p of row.querySelectorAll('p')) p.remove()
    for (const x of row.querySelectorAll('[name]')) {
      const name = x.name.split('-')[0]
      x.id = x.name = `${name}-${n}`
      x.value = ''
      x.setAttribute('aria-label', x.getAttribute('aria-label').replace(/\d+/, n))
      x.removeAttribute('aria-invalid')
      x.removeAttribute('aria-describedby')
    }
    body.append(row)
    form.elements.rows.value = n
    return true
  }

  /** cellsOf reads what a spreadsheet copies: tabs, line ends, quotes around both. */
  function cellsOf(text) {
    const lines = [[]]
    let value = '', quoted = false
    const end = () => { lines[lines.length - 1].push(value.trim()); value = '' }
    for (let i = 0; i < text.length; i++) {
      const c = text[i]
      if (quoted) {
        if (c !== '"') value += c
        else if (text[i + 1] === '"') { value += c; i++ } else quoted = false
      } else if (c === '"' && value === '') quoted = true
      else if (c === '\t') end()
      else if (c === '\n') { end(); lines.push([]) } else if (c !== '\r') value += c
    }
    end()
    if (lines[lines.length - 1].join('') === '') lines.pop()
    return lines
  }

  // What else is said for the words of a choice: 预付 for 预付款.
  const also = new Map()
  form.querySelectorAll('thead [data-names]').forEach((th, i) => {
    if (th.dataset.also) also.set(names[i], new Map(th.dataset.also.split('|').map(pair => pair.split('='))))
  })

  /** put fills a cell; a choice takes a word that it has or knows, and false is that it does neither. */
  function put(x, value) {
    if (x.tagName === 'SELECT') value = also.get(x.name.split('-')[0])?.get(value) ?? value
    const taken = x.tagName !== 'SELECT' || !value || [...x.options].some(o => o.value === value)
    if (taken) x.value = value
    return taken
  }

  // What sheets call each column, without what stands around it: 金额（元）* is 金额.
  const plain = head => head.replace(/[(（][^)）]*[)）]|[*＊:：\s]/g, '')
  const called = new Map()
  form.querySelectorAll('thead [data-names]').forEach((th, i) => {
    for (const name of [th.textContent, ...th.dataset.names.split('|')]) called.set(plain(name), names[i])
  })

  /** headsOf finds the line of heads among the first lines: the column of each cell, or nothing. */
  function headsOf(lines) {
    for (let i = 0; i < Math.min(lines.length, 4); i++) {
      const heads = lines[i].map(cell => called.get(plain(cell)))
      // Two heads of one column, such as 项目编号 and 项目名称: the first that is filled counts.
      if (heads.filter(Boolean).length >= 2) return { heads, words: lines[i], rest: lines.slice(i + 1) }
    }
  }

  /** yuan moves the point of an amount in 万元 four places on. */
  function yuan(wan) {
    const m = /^(\d+)(?:\.(\d*))?$/.exec(wan.replace(/[,，\s]/g, ''))
    if (!m) return wan
    const digits = (m[2] || '').padEnd(4, '0')
    return (m[1] + digits.slice(0, 4) + '.' + digits.slice(4)).replace(/\.$/, '').replace(/^0+(?=\d)/, '')
  }

  form.addEventListener('paste', event => {
    const text = event.clipboardData.getData('text/plain')
    if (!event.target.name || !/[\t\n]/.test(text) || place(event.target).column < 0) return
    event.preventDefault()
    const from = place(event.target), all = cellsOf(text), head = headsOf(all), words = form.dataset
    const heads = head?.heads ?? names.slice(from.column)
    // Lines of sums are no payments.
    const lines = (head?.rest ?? all).filter(line => line.some(Boolean) && !line.some(v => /^(合计|总计|小计|本页合计|total)$/i.test(plain(v))))
    const said = [], wrong = new Set()
    let n = 0
    for (const line of lines) {
      const row = from.row + n
      if (row > count() && !addRow()) { said.push(words.full); break }
      const done = new Set()
      line.forEach((value, j) => {
        const name = heads[j]
        if (!name || done.has(name) || (head && !value)) return
        if (name === 'amount' && /万元/.test(head?.words[j] ?? '')) value = yuan(value)
        if (!put(cell(row, name), value)) wrong.add(value)
        done.add(name)
      })
      n++
    }
    said.unshift(words.pasted.replace('{0}', n))
    const unused = head?.words.filter((word, j) => word && !head.heads[j] && !/^(序号|编号|no\.?)$/i.test(plain(word)))
    if (unused?.length) said.push(words.unused.replace('{0}', unused.join('、')))
    if (head?.words.some((word, j) => head.heads[j] === 'amount' && /万元/.test(word))) said.push(words.wan)
    if (wrong.size) said.push(words.choice.replace('{0}', [...wrong].join('、')))
    pastedNote = said.join(' ')
    document.getElementById('told').textContent = pastedNote
    dirty = pasted = true
    sum()
    later()
  })

  // What is typed here is in no draft: whoever leaves is asked.
  let dirty = [...body.querySelectorAll('[name]')].some(x => x.value), pasted = false, pastedNote = ''
  form.addEventListener('input', () => { dirty = true })
  form.addEventListener('submit', () => { dirty = false })
  addEventListener('beforeunload', event => { if (dirty) event.preventDefault() })

  // While pinyin is composed, Enter chooses characters and submits nothing.
  form.addEventListener('keydown', event => {
    const x = event.target
    if (event.isComposing || event.keyCode === 229 || x.tagName === 'BUTTON' || !/-\d+$/.test(x.name || '')) return
    const { column, row } = place(x)
    if (column < 0) return
    const down = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (down && (event.key === 'Enter' || x.tagName !== 'SELECT' && !x.list)) {
      event.preventDefault()
      if (row + down > count()) addRow()
      cell(row + down, names[column])?.focus()
    }
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const edge = x.tagName === 'SELECT' || (side < 0 ? x.selectionEnd === 0 : x.selectionStart === x.value.length)
    if (side && edge && names[column + side]) {
      event.preventDefault()
      cell(row, names[column + side]).focus()
    }
  })

  /** fen reads an amount as people type it, in 分; 0n for what is none. */
  function fen(text) {
    const plain = text.replace(/[０-９．，]/g, c => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/[,\s¥￥元]/g, '')
    const m = /^(\d{1,13})(?:\.(\d{0,2}))?$/.exec(plain)
    return m ? BigInt(m[1]) * 100n + BigInt((m[2] || '').padEnd(2, '0')) : 0n
  }

  /** upper writes 分 in capital numerals. */
  function upper(n) {
    const digits = '零壹贰叁肆伍陆柒捌玖', units = ['', '拾', '佰', '仟']
    let yuan = n / 100n, text = '', zero = false
    const groups = []
    for (; yuan > 0n; yuan /= 10000n) groups.unshift(Number(yuan % 10000n))
    groups.forEach((group, i) => {
      let part = ''
      for (let p = 3; p >= 0; p--) {
        const d = Math.floor(group / 10 ** p) % 10
        if (d === 0) zero = text + part !== ''
        else { part += (zero ? '零' : '') + digits[d] + units[p]; zero = false }
      }
      text += part + (group ? ['', '万', '亿', '万亿'][groups.length - 1 - i] : '')
    })
    const jiao = Number(n / 10n % 10n), cent = Number(n % 10n)
    if (text) text += '元'
    if (jiao + cent === 0) return (text || '零元') + '整'
    return text + (jiao ? digits[jiao] + '角' : text ? '零' : '') + (cent ? digits[cent] + '分' : '整')
  }

  function sum() {
    let total = 0n
    for (let row = 1; row <= count(); row++) total += fen(cell(row, 'amount').value)
    const text = `${total / 100n}`.replace(/\B(?=(\d{3})+$)/g, ',') + '.' + `${total % 100n}`.padStart(2, '0')
    document.getElementById('sum').textContent = text
    document.getElementById('upper').textContent = upper(total)
  }

  /** say shows what is wrong beside an input, or takes it away. */
  function say(x, text) {
    const id = `${x.id}-e`
    let p = document.getElementById(id)
    if (!text) {
      p?.remove()
      x.removeAttribute('aria-invalid')
      x.removeAttribute('aria-describedby')
      return
    }
    if (!p) {
      p = document.createElement('p')
      p.id = id
      p.className = 'no'
      x.after(p)
    }
    p.textContent = `✗ ${text}`
    x.setAttribute('aria-invalid', 'true')
    x.setAttribute('aria-describedby', id)
  }

  let timer, asking
  function later() {
    clearTimeout(timer)
    timer = setTimeout(ask, 700)
  }

  /** ask lets the server judge the grid as it is now. */
  async function ask() {
    asking?.abort()
    asking = new AbortController()
    const data = new URLSearchParams(new FormData(form))
    data.set('do', 'check')
    let told
    try {
      const answer = await fetch(form.action, { method: 'POST', body: data, headers: { accept: 'application/json' }, signal: asking.signal })
      if (!answer.ok) return
      told = await answer.json()
    } catch { return } // the buttons still work
    for (let row = 1; row <= count(); row++) {
      for (const name of names) say(cell(row, name), told.cells[`${name}-${row}`])
      let p = document.getElementById(`row-${row}-e`)
      if (!told.rows[row]) { p?.remove(); continue }
      if (!p) {
        p = document.createElement('p')
        p.id = `row-${row}-e`
        p.className = 'no'
        cell(row, 'amount').parentElement.append(p)
      }
      p.textContent = `✗ ${told.rows[row]}`
    }
    for (const [id, value] of Object.entries(told.fill || {})) { // what follows from the contract
      const x = document.getElementById(id)
      if (x && !x.value && (x !== document.activeElement || pasted)) x.value = value
    }
    pasted = false
    document.getElementById('told').textContent = [pastedNote, ...told.problems || [], ...told.needs || []].filter(Boolean).join('　')
  }

  form.addEventListener('input', event => { if (!event.isComposing) sum() })
  form.addEventListener('change', later)
  sum()
}
