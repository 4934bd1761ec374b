'use strict';

// Audio and video for page.html: pictures that bear a number, tones, and what comes back of them.
//
// A picture shows its number as sixteen black or white fields along its upper edge: twelve bits of number, four that are
// wrong in nearly every picture that shows none. Whoever reads a number knows which picture it is, and when it was drawn.

const FIELDS = 16;
const NUMBERS = 1 << 12;
const fieldsOf = number => number << 4 | (number ^ number >> 4 ^ number >> 8 ^ 5) & 15;
const numberOf = fields => fieldsOf(fields >> 4) === fields ? fields >> 4 : null;

const VIDEO_TYPES = ['inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp', 'remote-outbound-rtp'];
const TONE = 1000;      // Hz
const AUDIBLE = -50;    // dB in one band
const STEADY = 5;       // readings in a row, 50 ms apart

let sound = null; // browsers allow only a few of these
const audio = () => {
  sound ??= new AudioContext();
  if (sound.state === 'suspended') sound.resume();
  return sound;
};

// Pictures of noise, of which no encoder can save much.
const noises = (width, height, count = 8) => Array.from({ length: count }, () => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const g = canvas.getContext('2d', { alpha: false });
  const picture = g.createImageData(width, height);
  const dots = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < dots.length; i++) dots[i] = Math.random() * 0x1000000 | 0xff000000;
  g.putImageData(picture, 0, 0);
  return canvas;
});

// A camera in front of numbers that count; `busy`: in front of noise, too.
class Camera {
  constructor({ width = 320, height = 240, fps = 30, from = 0, busy = false }) {
    this.noises = busy ? noises(width, height * 2 / 3) : [];
    this.canvas = Object.assign(document.createElement('canvas'), { width, height });
    this.context = this.canvas.getContext('2d', { alpha: false });
    this.number = from;
    this.drawn = []; // when, by number
    this.draw();
    this.timer = setInterval(() => this.draw(), 1000 / fps);
    [this.track] = this.canvas.captureStream(fps).getVideoTracks();
  }

  draw() {
    const { context: g, canvas: { width, height }, number } = this;
    g.fillStyle = '#444';
    g.fillRect(0, 0, width, height);
    if (this.noises.length) g.drawImage(this.noises[number % this.noises.length], 0, height / 3);
    // Something moves, as in real pictures.
    g.fillStyle = `hsl(${number * 7 % 360} 80% 50%)`;
    g.fillRect(number * 5 % (width * 7 / 8), height / 3, width / 8, height / 6);
    const fields = fieldsOf(number);
    for (let i = 0; i < FIELDS; i++) {
      g.fillStyle = fields >> i & 1 ? '#fff' : '#000';
      g.fillRect(i * width / FIELDS, 0, width / FIELDS, height / 6);
    }
    this.drawn[number] = performance.now();
    this.number = (number + 1) % NUMBERS;
  }

  stop() { clearInterval(this.timer); this.track.stop(); }
}

// A microphone that hears one tone.
class Tone {
  constructor({ hz = TONE }) {
    this.oscillator = audio().createOscillator();
    this.oscillator.frequency.value = hz;
    const out = audio().createMediaStreamDestination();
    this.oscillator.connect(out);
    this.oscillator.start();
    [this.track] = out.stream.getAudioTracks();
  }

  stop() { this.oscillator.stop(); this.track.stop(); }
}

// For good, or with the next negotiation.
const stopped = transceiver => [transceiver.direction, transceiver.currentDirection].includes('stopped');

// What is read of received pictures.
class Screen {
  constructor(owner, track) {
    this.owner = owner;
    this.element = Object.assign(document.createElement('video'), { autoplay: true, muted: true });
    this.element.srcObject = new MediaStream([track]);
    document.body.append(this.element);
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    this.context = canvas.getContext('2d', { willReadFrequently: true });
    this.reset();
    this.over = false;
    const again = () => {
      if (this.over) return;
      this.read();
      this.element.requestVideoFrameCallback(again);
    };
    this.element.requestVideoFrameCallback(again);
  }

  reset() {
    this.numbers = [];    // in order, each once
    this.back = 0;        // how many were lower than the one before
    this.unreadable = 0;
    this.delays = [];     // milliseconds from drawing to reading, of our own pictures
    this.began = performance.now();
    this.last = 0;        // when something new came
  }

  read() {
    const now = performance.now();
    const g = this.context;
    g.drawImage(this.element, 0, 0, 320, 240);
    let fields = 0;
    for (let i = 0; i < FIELDS; i++) {
      // A few dots in the middle of the field.
      const { data } = g.getImageData(i * 20 + 8, 16, 4, 4);
      let light = 0;
      for (let dot = 0; dot < 16; dot++) light += data[dot * 4 + 1];
      if (light > 16 * 128) fields |= 1 << i;
    }
    const number = numberOf(fields);
    if (number === null) { this.unreadable += 1; return; }
    const before = this.numbers.at(-1);
    if (number === before) return;
    if (before !== undefined && (number - before + NUMBERS) % NUMBERS > NUMBERS / 2) this.back += 1;
    this.numbers.push(number);
    this.last = now;
    const drawn = this.owner.drawn(number, now);
    if (drawn !== undefined) this.delays.push(now - drawn);
  }

  report() {
    const delays = this.delays.toSorted((a, b) => a - b);
    const at = part => delays.length ? Math.round(delays[Math.min(Math.floor(delays.length * part), delays.length - 1)]) : null;
    const seconds = (performance.now() - this.began) / 1000;
    return {
      frames: this.numbers.length, back: this.back, unreadable: this.unreadable, first: this.numbers[0] ?? null,
      last: this.numbers.at(-1) ?? null, width: this.element.videoWidth, height: this.element.videoHeight,
      perSecond: Math.round(this.numbers.length / seconds * 10) / 10,
      delayMs: { p50: at(0.5), p95: at(0.95), measured: delays.length },
    };
  }

  stop() { this.over = true; this.element.srcObject = null; this.element.remove(); }
}

// What is heard of a received track.
class Ear {
  constructor(_, track) {
    const stream = new MediaStream([track]);
    // Chromium gives no sound of a remote track that no element plays.
    this.element = Object.assign(document.createElement('audio'), { autoplay: true, muted: true });
    this.element.srcObject = stream;
    document.body.append(this.element);
    this.source = audio().createMediaStreamSource(stream);
    this.analyser = audio().createAnalyser();
    this.analyser.fftSize = 4096;
    this.analyser.smoothingTimeConstant = 0.2;
    this.source.connect(this.analyser);
    this.bands = new Float32Array(this.analyser.frequencyBinCount);
  }

  // The loudest band now.
  report() {
    this.analyser.getFloatFrequencyData(this.bands);
    let loudest = 1;
    for (let i = 2; i < this.bands.length; i++) if (this.bands[i] > this.bands[loudest]) loudest = i;
    const level = this.bands[loudest];
    return { hz: Math.round(loudest * audio().sampleRate / this.analyser.fftSize), level: Number.isFinite(level) ? Math.round(level) : -200 };
  }

  stop() { this.source.disconnect(); this.element.srcObject = null; this.element.remove(); }
}

// The media of a connection: what it sends and receives, by transceiver.
class Media {
  constructor(pc) {
    this.pc = pc;
    this.sources = new Map();
    this.sinks = new Map();
    pc.ontrack = ({ transceiver, track }) => {
      if (!this.sinks.has(transceiver)) this.sinks.set(transceiver, new (track.kind === 'video' ? Screen : Ear)(this, track));
    };
  }

  // When the picture of that number was drawn last before `now`, if one of our cameras drew it.
  drawn(number, now) {
    const times = [...this.sources.values()].map(source => source.drawn?.[number]).filter(at => at <= now);
    return times.length ? Math.max(...times) : undefined;
  }

  source(kind, args) { return kind === 'video' ? new Camera(args) : new Tone(args); }

  // A new transceiver that sends; `codec`: prefers it, `rids`: sends several encodings, each half as large as the next,
  // `maxBitrate`: sends one that takes no more bits a second.
  add(args) {
    const { kind, codec, maxBitrate, rids = maxBitrate ? [undefined] : [], direction = 'sendrecv' } = args;
    const source = this.source(kind, args), { track } = source;
    const sendEncodings = rids.map((rid, i) => ({ rid, maxBitrate, scaleResolutionDownBy: 1 << rids.length - 1 - i }));
    const init = { direction, streams: [new MediaStream([track])] };
    const transceiver = this.pc.addTransceiver(track, rids.length ? { ...init, sendEncodings } : init);
    this.sources.set(transceiver, source);
    if (codec) prefer(transceiver, kind, codec);
  }

  // Sends on a transceiver that the other side offered.
  async join(args) {
    const transceiver = this.pc.getTransceivers().find(t => t.receiver.track.kind === args.kind && !this.sources.has(t) && !stopped(t));
    if (!transceiver) throw new Error(`no ${args.kind} was offered`);
    const source = this.source(args.kind, args);
    this.sources.set(transceiver, source);
    const { sender } = transceiver;
    await sender.replaceTrack(source.track);
    transceiver.direction = args.direction ?? 'sendrecv';
    if (args.codec) prefer(transceiver, args.kind, args.codec);
    if (args.maxBitrate) {
      const parameters = sender.getParameters();
      parameters.encodings[0].maxBitrate = args.maxBitrate;
      await sender.setParameters(parameters);
    }
  }

  // By `mid`, or the first of that `kind`.
  transceiver({ kind, mid }) {
    const found = this.pc.getTransceivers().find(t => !stopped(t) && (mid === undefined ? t.receiver.track.kind === kind : t.mid === mid));
    if (!found) throw new Error(`no transceiver of ${kind ?? mid}`);
    return found;
  }

  sink(args) {
    const sink = this.sinks.get(this.transceiver(args));
    if (!sink) throw new Error(`nothing was received of ${args.kind ?? args.mid}`);
    return sink;
  }

  // What goes and comes, for messages.
  async summary() {
    if (!this.sinks.size && !this.sources.size) return undefined;
    const fields = ['packetsSent', 'packetsReceived', 'framesEncoded', 'framesReceived', 'framesDecoded', 'keyFramesDecoded', 'pliCount', 'ssrc'];
    const counted = [...(await this.pc.getStats()).values()].filter(entry => ['inbound-rtp', 'outbound-rtp'].includes(entry.type));
    return counted.map(entry => [entry.type, entry.kind, ...fields.map(name => `${name} ${entry[name]}`)].join(' '));
  }

  close() { for (const one of [...this.sources.values(), ...this.sinks.values()]) one.stop(); }
}

// That codec first and alone, with what belongs to it.
function prefer(transceiver, kind, codec) {
  const helps = /\/(rtx|telephone-event|cn)$/i;
  const wanted = RTCRtpReceiver.getCapabilities(kind).codecs
    .filter(c => c.mimeType.toLowerCase() === `${kind}/${codec}`.toLowerCase() || helps.test(c.mimeType));
  transceiver.setCodecPreferences(wanted);
}

// Negotiates header extensions in these directions, by URI.
function turn(transceiver, extensions) {
  const all = transceiver.getHeaderExtensionsToNegotiate();
  for (const one of all) one.direction = extensions[one.uri] ?? one.direction;
  transceiver.setHeaderExtensionsToNegotiate(all);
}

async function steadily(what, ms, test) {
  const end = performance.now() + ms;
  for (let steady = 0; ;) {
    const found = test();
    steady = found.ok ? steady + 1 : 0;
    if (steady === STEADY) return found.report;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms: ${JSON.stringify(found.report)}`);
    await sleep(50);
  }
}

Object.assign(verbs, {
  // The codecs that this browser sends.
  async codecs(_, args) {
    const helps = /\/(rtx|red|ulpfec|flexfec-03|telephone-event|cn)$/i;
    const names = RTCRtpSender.getCapabilities(args.kind).codecs.map(c => c.mimeType).filter(name => !helps.test(name));
    return { codecs: [...new Set(names.map(name => name.split('/')[1]))] };
  },
  // Waits until so many numbered pictures were read, counted from now.
  async watch(c, args) {
    const start = performance.now();
    const screen = await c.until(`a track of ${args.kind}`, args.ms, () => c.media.sinks.get(c.media.transceiver(args)));
    screen.reset();
    const here = number => args.from === undefined || (number - args.from + NUMBERS) % NUMBERS < NUMBERS / 2;
    const end = start + args.ms;
    while (screen.numbers.filter(here).length < args.frames || args.width && screen.element.videoWidth !== args.width) {
      if (performance.now() > end) throw new Error(`${args.frames} pictures: not within ${args.ms} ms: ${JSON.stringify(screen.report())}`);
      await sleep(20);
    }
    return screen.report();
  },
  // What was read since `watch`.
  async seen(c, args) { return c.media.sink(args).report(); },
  // Waits until no new number came for a second.
  async still(c, args) {
    const screen = c.media.sink(args);
    await c.until('no more pictures', args.ms, () => performance.now() - screen.last > 1000);
    return screen.report();
  },
  // Waits until there is a tone of so many hertz, or, with 0, none.
  async hear(c, args) {
    const ear = await c.until('a track of audio', args.ms, () => c.media.sinks.get(c.media.transceiver({ kind: 'audio', ...args })));
    return steadily(args.hz ? `a tone of ${args.hz} Hz` : 'silence', args.ms, () => {
      const report = ear.report();
      const audible = report.level > AUDIBLE;
      return { report, ok: args.hz ? audible && Math.abs(report.hz - args.hz) <= args.hz / 20 : !audible };
    });
  },
  // Changes what is sent: `enabled`, no track (`pause`), another source (`replace`), a `direction`, `stop`; or header
  // `extensions`.
  async change(c, args) {
    const transceiver = c.media.transceiver(args);
    if (args.enabled !== undefined) transceiver.sender.track.enabled = args.enabled;
    if (args.pause) await transceiver.sender.replaceTrack(null);
    if (args.replace) {
      const source = c.media.source(transceiver.receiver.track.kind, args.replace);
      await transceiver.sender.replaceTrack(source.track);
      c.media.sources.get(transceiver)?.stop();
      c.media.sources.set(transceiver, source);
    }
    if (args.direction) transceiver.direction = args.direction;
    if (args.extensions) turn(transceiver, args.extensions);
    if (args.stop) transceiver.stop();
  },
  // How transceivers stand.
  async transceivers(c) {
    return { transceivers: c.pc.getTransceivers().map(t =>
      ({ kind: t.receiver.track.kind, mid: t.mid, direction: t.direction, currentDirection: t.currentDirection, muted: t.receiver.track.muted })) };
  },
  // The header extensions of a transceiver: by both descriptions, as negotiated (where the browser tells), and those that are
  // sent; Firefox has none among its parameters.
  async extensions(c, args) {
    const transceiver = c.media.transceiver(args);
    const mid = new RegExp(`^a=mid:${transceiver.mid}\\r$`, 'm');
    const described = ({ sdp }) => {
      const section = sdp.split('\r\nm=').find(text => mid.test(text));
      return [...section.matchAll(/^a=extmap:(\d+)(?:\/(\w+))? (\S+)/gm)]
        .map(([, id, direction, uri]) => ({ id: Number(id), direction: direction ?? 'sendrecv', uri }));
    };
    const sent = transceiver.sender.getParameters().headerExtensions?.map(one => one.uri);
    return { local: described(c.pc.localDescription), remote: described(c.pc.remoteDescription),
      negotiated: transceiver.getNegotiatedHeaderExtensions?.() ?? null, sent: sent?.length ? sent : null };
  },
  async tones(c, args) { c.media.transceiver({ kind: 'audio' }).sender.dtmf.insertDTMF(args.tones, args.duration, args.gap); },
  // What was counted of each stream, with its codec, and how many bits a second the browser thinks it may send.
  async streams(c) {
    const all = new Map();
    (await c.pc.getStats()).forEach(entry => all.set(entry.id, entry));
    const streams = [...all.values()].filter(entry => VIDEO_TYPES.includes(entry.type));
    return { streams: streams.map(entry => ({ ...entry, codec: all.get(entry.codecId) })),
      transports: [...all.values()].filter(entry => entry.type === 'transport').length,
      available: [...all.values()].find(entry => entry.availableOutgoingBitrate)?.availableOutgoingBitrate };
  },
});
