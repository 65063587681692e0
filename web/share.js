// Lets Go's module run on a memory that threads can share: Go makes its own, so
// the module is rewritten to import one ("env" "memory"). The format is that of
// the WebAssembly core specification, chapter 5.5.
globalThis.mienShare = (() => {
  const IMPORT = 2, MEMORY = 5;
  // Most pages of 64 KiB: 4 GiB, and what phones may rather give.
  const limits = [65536, 32768, 16384];

  function read(bytes, at) {
    let value = 0, shift = 0, b;
    do {
      b = bytes[at++];
      value += (b & 0x7f) * 2 ** shift;
      shift += 7;
    } while (b & 0x80);
    return [value, at];
  }

  function write(value) {
    const out = [];
    do {
      let b = value % 128;
      value = Math.floor(value / 128);
      out.push(value > 0 ? b | 0x80 : b);
    } while (value > 0);
    return out;
  }

  const text = (s) => [s.length, ...[...s].map((c) => c.charCodeAt(0))];

  // limitsAt reads the limits of a memory: [flags, least, most, end].
  function limitsAt(bytes, at) {
    const flags = bytes[at++];
    let least, most;
    [least, at] = read(bytes, at);
    if (flags & 1) [most, at] = read(bytes, at);
    return { least, most, end: at };
  }

  const sharedLimits = (least, most) => [3, ...write(least), ...write(most)];

  // imports rewrites an import section: a memory that is imported becomes
  // shared, and where none is, one is added.
  function imports(body, least, most, add) {
    let [count, at] = read(body, 0);
    const out = [];
    for (let i = 0; i < count; i++) {
      const from = at;
      for (let s = 0; s < 2; s++) {
        let length;
        [length, at] = read(body, at);
        at += length;
      }
      const kind = body[at++];
      if (kind === 2) {
        const l = limitsAt(body, at);
        out.push(body.subarray(from, at), sharedLimits(l.least, most));
        at = l.end;
        continue;
      }
      if (kind === 0) at = read(body, at)[1];
      else if (kind === 3) at += 2;
      else throw new Error(`import of kind ${kind}`); // Go imports functions alone
      out.push(body.subarray(from, at));
    }
    if (add) {
      count++;
      out.push([...text('env'), ...text('memory'), 2, ...sharedLimits(least, most)]);
    }
    return [write(count), ...out];
  }

  const size = (parts) => parts.reduce((n, p) => n + p.length, 0);

  // patch returns the module with a shared memory of at most that many pages as
  // an import, and how many it needs at least.
  function patch(bytes, most) {
    const sections = [];
    for (let at = 8; at < bytes.length;) {
      const id = bytes[at];
      const [length, body] = read(bytes, at + 1);
      sections.push({ id, body: bytes.subarray(body, body + length), whole: bytes.subarray(at, body + length) });
      at = body + length;
    }
    const own = sections.find((s) => s.id === MEMORY);
    const least = own ? limitsAt(own.body, 1).least : 0;
    const out = [bytes.subarray(0, 8)];
    for (const s of sections) {
      if (s.id === MEMORY) continue;
      if (s.id !== IMPORT) {
        out.push(s.whole);
        continue;
      }
      const parts = imports(s.body, least, most, own !== undefined);
      out.push([IMPORT, ...write(size(parts))], ...parts);
    }
    const result = new Uint8Array(size(out));
    let at = 0;
    for (const p of out) {
      result.set(p, at);
      at += p.length;
    }
    return { bytes: result, least };
  }

  // Some functions of the platform refuse shared memory: they get copies.
  function tolerate() {
    const decode = TextDecoder.prototype.decode;
    TextDecoder.prototype.decode = function (view, options) {
      return decode.call(this, view && view.buffer instanceof SharedArrayBuffer
        ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice() : view, options);
    };
    const random = crypto.getRandomValues.bind(crypto);
    crypto.getRandomValues = (view) => {
      if (!(view.buffer instanceof SharedArrayBuffer)) return random(view);
      view.set(random(new view.constructor(view.length)));
      return view;
    };
  }

  return {
    patch,
    // pages is the most that a memory may grow to.
    pages: (memory) => memory.most,
    // instantiate starts Go's module on a shared memory; null where the platform
    // has none, and then the module must be started as it is.
    async instantiate(bytes, imports) {
      if (typeof SharedArrayBuffer === 'undefined' || globalThis.crossOriginIsolated === false) return null;
      for (const most of limits) {
        const { bytes: patched, least } = patch(bytes, most);
        let memory;
        try {
          memory = new WebAssembly.Memory({ initial: least, maximum: most, shared: true });
        } catch {
          continue; // less may do
        }
        memory.most = most;
        const module = await WebAssembly.compile(patched);
        tolerate();
        return { memory, instance: await WebAssembly.instantiate(module, { ...imports, env: { memory } }) };
      }
      return null;
    },
  };
})();
