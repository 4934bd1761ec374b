// node-datachannel (libdatachannel) as a peer of the conformance harness: of the verbs of page.html, those that one channel takes.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.argv[2]}/`);
const library = require('node-datachannel');
const { version } = JSON.parse(readFileSync(`${process.argv[2]}/node_modules/node-datachannel/package.json`));

// As in libwebrtc.py, for less than a block.
class Log {
  hash = createHash('sha256');
  messages = 0;
  bytes = 0;
  texts = 0;

  add(data) {
    const text = typeof data === 'string';
    const raw = Buffer.from(data);
    const head = Buffer.alloc(5);
    head.writeUInt8(text ? 1 : 0);
    head.writeUInt32BE(raw.length, 1);
    this.hash.update(head).update(raw);
    this.messages += 1;
    this.bytes += raw.length;
    this.texts += text ? 1 : 0;
  }

  digest() {
    const inner = this.hash.copy().digest();
    const sha256 = createHash('sha256').update(inner).digest('hex');
    return { messages: this.messages, bytes: this.bytes, texts: this.texts, sha256 };
  }
}

let pc, dc, echo, hold, held, sent, received;

const later = (ms) => new Promise((done) => setTimeout(done, ms));

async function wait(what, ms, test) {
  for (const end = Date.now() + ms; !test(); await later(2)) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms (${pc.state()})`);
  }
}

function say(data) {
  if (typeof data === 'string') dc.sendMessage(data);
  else dc.sendMessageBinary(data);
  sent.add(data);
}

function flush() {
  held.splice(0).forEach(say);
}

function adopt(channel) {
  dc = channel;
  dc.onMessage((data) => {
    received.add(data);
    if (echo) {
      held.push(data);
      if (received.messages !== hold) flush();
    }
  });
}

function start(echoes, holds) {
  pc = new library.PeerConnection('peer', { iceServers: [] });
  [dc, echo, hold, held, sent, received] = [undefined, echoes, holds, [], new Log(), new Log()];
  pc.onDataChannel(adopt);
}

async function described() {
  await wait('gathering', 10000, () => pc.gatheringState() === 'complete');
  return { sdp: pc.localDescription().sdp };
}

const counts = () => ({ sent: sent.digest(), received: received.digest() });

const verbs = {
  async offer({ channels }) {
    start(false, 0);
    adopt(pc.createDataChannel(channels[0].label));
    return described();
  },
  async accept({ sdp }) {
    pc.setRemoteDescription(sdp, 'answer');
    return { media: 0 };
  },
  async answer({ sdp, hold }) {
    start(true, hold);
    pc.setRemoteDescription(sdp, 'offer');
    return described();
  },
  opened: ({ ms }) => wait('an open channel', ms, () => dc?.isOpen()),
  async exchange({ messages, ms }) {
    let count = 0;
    for (const { kind, size, count: times = 1 } of messages) {
      for (let i = 0; i < times; i++, count++) say(kind === 'text' ? 'x'.repeat(size) : Buffer.alloc(size, count));
    }
    await wait('echoes', ms, () => received.messages >= count);
    return counts();
  },
  async received({ count, ms }) {
    await wait('messages', ms, () => received.messages >= count);
    return counts();
  },
  async release() {
    flush();
  },
  async stats() {
    const { messages, bytes } = received.digest();
    const connected = pc.state() === 'connected';
    return {
      // It does not tell the version of DTLS.
      transport: { dtlsState: pc.state() },
      pair: { state: connected && pc.getSelectedCandidatePair() ? 'succeeded' : 'failed' },
      channels: [{ label: dc.getLabel(), messagesReceived: messages, bytesReceived: bytes }],
      states: { connection: pc.state() },
    };
  },
  ended: ({ ms }) => wait('the end', ms, () => ['disconnected', 'failed', 'closed'].includes(pc.state())),
  async close() {
    pc?.close();
  },
};

const print = (answer) => console.log(JSON.stringify(answer));
print({ ok: { version: `node-datachannel ${version}` } });
for await (const line of createInterface({ input: process.stdin })) {
  const { verb, args } = JSON.parse(line);
  try {
    print({ ok: (await verbs[verb](args)) ?? null });
  } catch (error) {
    print({ error: `${verb}: ${error}` });
  }
}
process.exit(0);
