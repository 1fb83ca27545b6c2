// Checks one entry of the log in the reader's own browser: c2sp.org/tlog-proof,
// RFC 6962 and signed notes, with nothing but WebCrypto. It asks the server only
// for three files that anyone may download, and what it cannot check it calls
// unchecked, never good.
'use strict'
{
  const form = document.getElementById('check')
  const unbase64 = text => Uint8Array.from(atob(text), c => c.charCodeAt(0))
  const bytes = text => new TextEncoder().encode(text)
  const equal = (a, b) => a.length === b.length && a.every((x, i) => x === b[i])
  const join = (...parts) => Uint8Array.from(parts.flatMap(p => [...p]))
  const hex = raw => [...raw].map(b => b.toString(16).padStart(2, '0')).join('')
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', join(...parts)))
  const load = async url => {
    const answer = await fetch(url, { cache: 'no-cache' })
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
    return new Uint8Array(await answer.arrayBuffer())
  }

  /** readProof cuts a .tlog-proof into its index, hashes and signed note. */
  function readProof(text) {
    const at = text.indexOf('\n\n')
    const lines = text.slice(0, at).split('\n')
    if (at < 0 || lines.shift() !== 'c2sp.org/tlog-proof@v1') throw new Error('tlog-proof')
    if (lines[0].startsWith('extra ')) lines.shift()
    const index = /^index (0|[1-9]\d*)$/.exec(lines.shift())
    if (!index) throw new Error('index')
    const note = text.slice(at + 2)
    const end = note.indexOf('\n\n')
    const body = note.slice(0, end + 1)
    const [origin, size, root] = body.split('\n')
    const signatures = note.slice(end + 2).split('\n').filter(Boolean).map(line => {
      const [dash, name, value] = line.split(' ')
      if (dash !== '\u2014') throw new Error('signature')
      const raw = unbase64(value)
      return { name, id: raw.slice(0, 4), value: raw.slice(4) }
    })
    return { index: BigInt(index[1]), path: lines.map(unbase64), body, origin, size: BigInt(size), root: unbase64(root), signatures }
  }

  /** climb computes the root from a leaf's hash and its path (RFC 9162, 2.1.3.2). */
  async function climb(hash, index, size, path) {
    let node = index, last = size - 1n
    for (const sibling of path) {
      if (last === 0n) throw new Error('path too long')
      if (node & 1n || node === last) {
        hash = await sha256([1], sibling, hash)
        while (!(node & 1n) && node !== 0n) { node >>= 1n; last >>= 1n }
      } else {
        hash = await sha256([1], hash, sibling)
      }
      node >>= 1n
      last >>= 1n
    }
    if (last !== 0n) throw new Error('path too short')
    return hash
  }

  /** readKey takes NAME+ID+BASE64 apart and holds the id to the key. */
  async function readKey(text) {
    const [name, id, ...rest] = text.trim().split('+')
    const raw = unbase64(rest.join('+'))
    const digest = (await sha256(bytes(name + '\n'), raw)).slice(0, 4)
    if (hex(digest) !== id) throw new Error('key id')
    return { name, id: digest, kind: raw[0], raw: raw.slice(1) }
  }

  async function verify(key, message, signature) {
    const imported = await crypto.subtle.importKey('raw', key.raw, 'Ed25519', false, ['verify'])
    return crypto.subtle.verify('Ed25519', imported, signature, message)
  }

  const signedBy = (proof, key) => proof.signatures.find(s => s.name === key.name && equal(s.id, key.id))

  /** signs says whether the log's key signed the checkpoint. */
  async function signs(proof, key) {
    const signature = key.kind === 1 && key.name === proof.origin && signedBy(proof, key)
    return Boolean(signature) && verify(key, bytes(proof.body), signature.value)
  }

  /** cosigns says whether a witness cosigned the checkpoint, and when. */
  async function cosigns(proof, key) {
    const signature = key.kind === 4 && signedBy(proof, key)
    if (!signature || signature.value.length !== 72) return false
    const time = new DataView(signature.value.buffer, signature.value.byteOffset).getBigUint64(0)
    return verify(key, bytes(`cosignature/v1\ntime ${time}\n${proof.body}`), signature.value.slice(8))
  }

  const results = {}
  function say(step, good, more = '') {
    results[step] = good
    const out = document.querySelector(`[data-step=${step}]`)
    out.textContent = (good === undefined ? form.dataset.open : good ? form.dataset.yes : form.dataset.no) + (more && ` ${more}`)
    out.className = good === undefined ? 'tag' : good ? 'yes' : 'no'
  }

  /** attempt says of a step what a check found; what the browser cannot do stays open. */
  async function attempt(step, check) {
    try {
      say(step, ...[await check()].flat())
    } catch (fault) {
      say(step, fault.name === 'NotSupportedError' ? undefined : false, fault.message)
    }
  }

  async function run() {
    const [leaf, text, policy] = await Promise.all([form.dataset.leaf, form.dataset.proof, form.dataset.policy].map(load))
    const proof = readProof(new TextDecoder().decode(text))
    const hash = await sha256([0], leaf)
    await attempt('leaf', () => {
      const entry = JSON.parse(new TextDecoder().decode(leaf))
      const shown = document.getElementById('leaf-hash').textContent
      return entry.book === form.dataset.book && entry.seq === form.dataset.seq && proof.index === BigInt(entry.seq) && hex(hash) === shown && shown === form.dataset.shown
    })
    await attempt('root', async () => equal(await climb(hash, proof.index, proof.size, proof.path), proof.root))
    await attempt('sign', async () => signs(proof, await readKey(form.elements.key.value)))
    await attempt('witness', async () => {
      const keys = [...new TextDecoder().decode(policy).matchAll(/^witness\s+(\S+)\s+(\S+)/gm)]
      let good = 0
      for (const [, , key] of keys) if (await cosigns(proof, await readKey(key))) good++
      return [keys.length === 0 ? undefined : good > 0, `${good}/${keys.length}`]
    })
  }

  form.addEventListener('submit', async event => {
    event.preventDefault()
    const verdict = document.getElementById('verdict')
    try {
      await run()
      const all = Object.values(results)
      verdict.className = all.includes(false) ? 'no' : 'yes'
      verdict.textContent = all.includes(false) ? form.dataset.bad : all.includes(undefined) ? form.dataset.some : form.dataset.all
    } catch (fault) {
      verdict.className = 'no'
      verdict.textContent = `${form.dataset.bad} ${fault.message}`
    }
  })

  if (window.isSecureContext && window.crypto?.subtle) {
    document.getElementById('unable').remove()
    form.hidden = false
  } else {
    document.getElementById('unable').textContent = form.dataset.insecure
  }
}
