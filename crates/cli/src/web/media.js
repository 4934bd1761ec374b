// Audio and video: what this browser sends comes back from Siskin. A connection of its own, beside the page's first.
"use strict";
(() => {
  // The time stands in the test picture as sixteen blocks, black or white, so that what comes back tells its own age.
  const BITS = 16, BLOCK = 40, WIDTH = BITS * BLOCK, HEIGHT = 360;
  let call = null;

  const note = (text) => { $("m-note").textContent = text; };

  function buttons() {
    $("m-camera").disabled = $("m-test").disabled = !!call;
    $("m-stop").disabled = !call;
    $("m-codec").disabled = !!call;
  }

  function testPicture() {
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    const g = canvas.getContext("2d");
    const draw = () => {
      const now = Math.round(performance.now()), stamp = now % (1 << BITS);
      g.fillStyle = "#33402a";
      g.fillRect(0, 0, WIDTH, HEIGHT);
      for (let bit = 0; bit < BITS; bit++) {
        g.fillStyle = stamp >> bit & 1 ? "#fff" : "#000";
        g.fillRect(bit * BLOCK, 0, BLOCK, BLOCK);
      }
      g.fillStyle = "#b5d95a";
      g.beginPath();
      g.arc(WIDTH / 2 + 220 * Math.sin(now / 700), HEIGHT / 2 + 60 * Math.cos(now / 450), 34, 0, 7);
      g.fill();
      g.fillStyle = "#fff";
      g.font = "600 64px ui-monospace, monospace";
      g.textAlign = "center";
      g.fillText((now / 1000).toFixed(2), WIDTH / 2, HEIGHT - 40);
    };
    draw();
    const timer = setInterval(draw, 33);
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const out = audio.createMediaStreamDestination();
    tone.frequency.value = 440;
    tone.connect(out);
    tone.start();
    const stream = canvas.captureStream(30);
    stream.addTrack(out.stream.getAudioTracks()[0]);
    return { stream, stop: () => { clearInterval(timer); audio.close(); } };
  }

  // How old the picture is that the video shows now.
  function age(video, g) {
    g.drawImage(video, 0, 0, WIDTH, HEIGHT);
    let stamp = 0;
    for (let bit = 0; bit < BITS; bit++) {
      const [r, green, b] = g.getImageData(bit * BLOCK + BLOCK / 2, BLOCK / 2, 1, 1).data;
      if (r + green + b > 384) stamp |= 1 << bit;
    }
    return (Math.round(performance.now()) - stamp + (1 << BITS)) % (1 << BITS);
  }

  function watchAge(c, video) {
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    const g = canvas.getContext("2d", { willReadFrequently: true });
    const next = () => {
      if (call !== c) return;
      const delay = age(video, g);
      if (delay < 5_000) c.ages.push(delay);
      if (c.ages.length > 300) c.ages.shift();
      video.requestVideoFrameCallback(next);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(next);
  }

  async function start(source) {
    const c = call = { pc: new RTCPeerConnection(), ages: [], before: new Map(), test: source === "test" };
    buttons();
    note("Asking for permission …");
    try {
      const own = c.test ? testPicture() : { stream: await navigator.mediaDevices.getUserMedia({ video: { width: 640 }, audio: true }) };
      if (call !== c) return;
      c.own = own;
      $("m-local").srcObject = own.stream;
      for (const track of own.stream.getTracks()) {
        const transceiver = c.pc.addTransceiver(track, { streams: [own.stream] });
        const wanted = $("m-codec").value;
        if (track.kind === "video" && wanted && transceiver.setCodecPreferences) {
          const all = RTCRtpSender.getCapabilities("video").codecs;
          transceiver.setCodecPreferences(all.filter(({ mimeType }) => mimeType === wanted || mimeType === "video/rtx"));
        }
      }
      const back = new MediaStream();
      c.pc.ontrack = ({ track }) => { back.addTrack(track); $("m-remote").srcObject = back; };
      c.pc.onconnectionstatechange = () => {
        if (call !== c) return;
        if (c.pc.connectionState === "connected") note("Connected: the right picture has been to Siskin and back.");
        if (c.pc.connectionState === "failed") { stop(); note("ICE found no path."); }
      };
      await c.pc.setLocalDescription();
      await new Promise((done) => {
        const complete = () => c.pc.iceGatheringState === "complete" && done();
        c.pc.addEventListener("icegatheringstatechange", complete);
        complete();
        setTimeout(done, 3_000);
      });
      note("Connecting …");
      const response = await fetch("/offer", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(c.pc.localDescription) });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error.message);
      if (call !== c) return;
      await c.pc.setRemoteDescription(answer);
      if (c.test) watchAge(c, $("m-remote"));
      c.timer = setInterval(() => numbers(c), 1_000);
    } catch (error) {
      stop();
      note(error.name === "NotAllowedError" ? "The browser does not let this page use a camera: try the test picture."
        : error.name === "NotFoundError" ? "There is no camera or microphone: try the test picture."
        : `That did not work: ${error.message}`);
    }
  }

  function stop() {
    const c = call;
    call = null;
    if (!c) return;
    clearInterval(c.timer);
    c.pc.close();
    c.own?.stop?.();
    c.own?.stream.getTracks().forEach((track) => track.stop());
    $("m-local").srcObject = $("m-remote").srcObject = null;
    note("");
    buttons();
  }

  // Per second, since the last time that this counter was read.
  function rate(c, name, value, now) {
    const before = c.before.get(name);
    c.before.set(name, [value, now]);
    return before ? (value - before[0]) / (now - before[1]) * 1000 : null;
  }

  const kbps = (bits) => bits == null ? "–" : bits < 1e6 ? `${Math.round(bits / 1e3)} kbit/s` : `${(bits / 1e6).toFixed(2)} Mbit/s`;

  async function numbers(c) {
    const report = await c.pc.getStats();
    if (call !== c) return;
    const all = [...report.values()];
    const of = (type, kind) => all.find((s) => s.type === type && s.kind === kind);
    const sent = of("outbound-rtp", "video"), came = of("inbound-rtp", "video"), sound = of("inbound-rtp", "audio");
    const remote = of("remote-inbound-rtp", "video"), transport = all.find((s) => s.type === "transport");
    const codec = came && report.get(came.codecId);
    const set = (id, text) => { $(id).textContent = text; };
    set("m-codec-now", codec ? codec.mimeType.replace("video/", "") + (came.frameWidth ? `, ${came.frameWidth} × ${came.frameHeight}` : "") : "–");
    set("m-fps", came?.framesPerSecond != null ? `${came.framesPerSecond} a second, ${came.framesDecoded} in all` : "–");
    set("m-up", kbps(sent && rate(c, "up", sent.bytesSent * 8, sent.timestamp)));
    set("m-down", kbps(came && rate(c, "down", came.bytesReceived * 8, came.timestamp)));
    set("m-lost", came ? `${came.packetsLost} of ${came.packetsReceived}; sent again: ${came.retransmittedPacketsReceived ?? "–"}; key frames asked for: ${came.pliCount ?? 0}` : "–");
    set("m-sound", sound ? `${sound.packetsReceived} packets, ${sound.packetsLost} lost` : "–");
    set("m-rtt", ms(remote?.roundTripTime == null ? null : remote.roundTripTime * 1000));
    const ages = [...c.ages].sort((a, b) => a - b);
    set("m-age", c.test && ages.length ? `${ages[ages.length >> 1]} ms (median), ${ages[Math.floor(ages.length * 0.95)]} ms (95 %)` : "of the test picture only");
    set("m-srtp", [transport?.srtpCipher, transport?.tlsVersion === "FEFC" ? "DTLS 1.3" : transport?.tlsVersion === "FEFD" ? "DTLS 1.2" : null].filter(Boolean).join(", ") || "–");
  }

  const codecs = window.RTCRtpSender?.getCapabilities?.("video")?.codecs ?? [];
  for (const mimeType of new Set(codecs.map((codec) => codec.mimeType))) {
    if (/rtx|red|ulpfec|flexfec/i.test(mimeType)) continue;
    const option = document.createElement("option");
    option.value = mimeType;
    option.textContent = mimeType.replace("video/", "");
    $("m-codec").append(option);
  }
  $("m-camera").addEventListener("click", () => start("camera"));
  $("m-test").addEventListener("click", () => start("test"));
  $("m-stop").addEventListener("click", stop);
  $("m-hear").addEventListener("change", () => { $("m-remote").muted = !$("m-hear").checked; });
  buttons();
})();
