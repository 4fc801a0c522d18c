// The chat page's own script: sends, fetches what is new, and keeps unsent words until they arrive.
// Runs in the old web views of WeChat: ES2017, and every newer thing is asked for first.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement, body = document.body;
  const log = $("log"), notice = $("notice"), typing = $("typing"), text = $("text");
  const token = body.dataset.token, framed = location.pathname === "/chat/embed";
  const session = storage("sessionStorage"), shared = storage("localStorage");
  const waiting = [];
  let last = Number(body.dataset.last), busy = false, fetching = false, quick = 0;
  root.classList.add("scripted");

  // A browser may forbid storage altogether; then nothing outlives the page.
  function storage(kind) {
    try { return window[kind]; } catch (e) { return null; }
  }
  function keep(store, key, value) {
    try { store.setItem(key, value); } catch (e) { /* full or forbidden */ }
  }
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const bottom = () => window.scrollTo(0, body.scrollHeight);
  const tell = (words) => { if (notice.textContent !== words) notice.textContent = words; };
  const unique = () => Date.now().toString(36) + Math.random().toString(36).slice(2);

  // -- what is new -------------------------------------------------------------------------------
  // The server draws messages, escaped; a parsed document runs no script.
  function show(entry) {
    const drawn = new DOMParser().parseFromString(entry.html, "text/html").querySelector("article");
    const mine = entry.key && log.querySelector(`.pending[data-key="${entry.key}"]`);
    if (mine) log.replaceChild(drawn, mine);
    else log.insertBefore(drawn, log.querySelector(".pending"));
    return drawn;
  }

  // A long answer is shown from its first line: the conclusion stands there.
  function reveal(nodes) {
    bottom();
    const first = nodes.find((node) => node.className !== "person");
    if (first && first.getBoundingClientRect().top < 80) first.scrollIntoView();
  }

  async function fetchNew() {
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(`/chat/messages?after=${last}${framed ? "&framed=1" : ""}`, { credentials: "same-origin" });
      if (answer.status === 401) { expired(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = (await answer.json()).messages.filter((entry) => entry.id > last);
      if (fresh.length) {
        last = fresh[fresh.length - 1].id;
        reveal(fresh.map(show));
      }
      if (!waiting.length && notice.dataset.network) tell("");
      if (!waiting.length) delete notice.dataset.network;
    } catch (e) {
      offline(waiting.length ? "网络不通，这句话还没发出去，会自动重发。" : "网络不通，正在重试。您写的内容不会丢。");
    } finally { fetching = false; }
  }
  function offline(words) {
    notice.dataset.network = "1";
    tell(words);
  }
  function expired() {
    tell(framed ? "浏览器不让这个小窗口记住您，请点上面的“在新窗口打开”。" : "页面已过期，请刷新页面。");
  }
  let look = () => {};  // ends the wait: who comes back to the page does not wait for what is new
  async function watch() {
    for (;;) {
      const wait = document.hidden ? 20000 : quick-- > 0 ? 1000 : 4000;
      await Promise.race([pause(wait), new Promise((done) => { look = done; })]);
      if (!busy) await fetchNew();
    }
  }

  // -- what is said ------------------------------------------------------------------------------
  // Each message has an id of its own: sent twice, it is taken once.
  function say(message, shown) {
    queue({ message: Object.assign({ id: unique() }, message), shown });
    remember();
    bottom();
    flush();
  }
  function queue(item) {
    const node = document.createElement("article");
    node.className = "person pending";
    node.dataset.key = item.message.id;
    for (const [name, words] of [["said", item.shown], ["mark", "正在发送…"]]) {
      const made = document.createElement("div");
      made.className = name;
      made.textContent = words;
      node.appendChild(made);
    }
    log.appendChild(node);
    waiting.push(Object.assign(item, { node }));
  }
  function remember() {
    keep(session, "unsent", JSON.stringify(waiting.map(({ message, shown }) => ({ message, shown }))));
  }
  function recall() {
    try { JSON.parse(session.getItem("unsent") || "[]").forEach(queue); } catch (e) { /* nothing kept */ }
  }
  const mark = (node, words) => { node.querySelector(".mark").textContent = words; };

  async function flush() {
    if (busy) return;
    busy = true;
    while (waiting.length) await sendFirst();
    typing.hidden = true;
    busy = false;
  }
  async function sendFirst() {
    const { message, node } = waiting[0];
    try {
      typing.hidden = false;
      const answer = await fetch(`/chat/messages${framed ? "?framed=1" : ""}`, {
        method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
        body: JSON.stringify(Object.assign({ token }, message)),
      });
      if (answer.status === 429) {
        offline("发得太快了，稍等几秒会自动发出。有生命危险请直接打 110、120。");
        mark(node, "等几秒再发…");
        return await pause(3000);
      }
      if (answer.status >= 500) throw new Error(String(answer.status));
      waiting.shift();
      remember();
      if (!answer.ok) return await refused(answer, message, node);
      mark(node, "已送达");
      tell("");
      quick = 10;
      keep(shared, "said", unique());  // other tabs hear this and fetch
      await fetchNew();
    } catch (e) {
      typing.hidden = true;
      mark(node, "还没发出去，会自动重发");
      offline("网络不通，这句话还没发出去，会自动重发。");
      await pause(3000);
    }
  }
  async function refused(answer, message, node) {
    node.remove();
    if (message.text && !message.label) text.value = message.text;
    if (answer.status === 401) return expired();
    const said = await answer.json().catch(() => ({ error: "没有发出去，请刷新页面再试。" }));
    tell(said.error);
  }

  function submit() {
    const said = text.value.trim();
    if (!said) return;
    text.value = "";
    grow();
    say({ text: said }, said);
    text.focus();
  }
  function grow() {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 4}px`;
  }
  $("say").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
  });
  log.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    say({ text: button.value, label: button.textContent }, button.textContent);
  });

  // -- location, only after the person agreed ----------------------------------------------------
  let asked = null;
  function consent(open) {
    $("consent").hidden = !open;
    if (open) $("agree").focus();
    else if (asked) asked.focus();
  }
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.classList.contains("locate")) { asked = button; consent(true); }
    if (button.classList.contains("aloud")) read(button);
  });
  $("decline").addEventListener("click", () => { consent(false); text.focus(); });
  $("consent").addEventListener("keydown", (event) => { if (event.key === "Escape") consent(false); });
  $("agree").addEventListener("click", () => {
    const failed = () => tell("没有取到位置。请直接打镇、街道的名字，比如：海门三星镇。");
    consent(false);
    if (!navigator.geolocation) return failed();
    tell("正在取位置…");
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      tell("");
      say({ point: { latitude: coords.latitude, longitude: coords.longitude } }, "［发送了位置］");
    }, failed, { timeout: 10000, maximumAge: 60000 });
  });

  // -- reading aloud, speaking -------------------------------------------------------------------
  const voice = window.speechSynthesis;
  let reading = null;
  if (!voice || !window.SpeechSynthesisUtterance) root.classList.add("mute");
  function read(button) {
    const stop = reading === button;
    voice.cancel();
    if (reading) reading.textContent = "朗读";
    reading = stop ? null : button;
    if (stop) return;
    button.textContent = "停止";
    const parts = button.closest("article").querySelectorAll(".said > :not(details)");
    const spoken = new SpeechSynthesisUtterance(Array.from(parts, (part) => part.textContent.trim()).join("。\n"));
    Object.assign(spoken, { lang: "zh-CN", rate: 0.85 });
    spoken.onend = spoken.onerror = () => { if (reading === button) { reading = null; button.textContent = "朗读"; } };
    voice.speak(spoken);
  }
  const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
  let listening = null;
  function listen() {
    if (listening) return listening.stop();
    listening = new Recognition();
    Object.assign(listening, { lang: "zh-CN", interimResults: false });
    listening.onresult = (event) => { text.value += event.results[0][0].transcript; grow(); text.focus(); };
    listening.onerror = () => tell("没有听清，或者这个浏览器不能听写。请打字，或用输入法上的话筒。");
    listening.onend = () => { listening = null; $("speak").textContent = "说话"; };
    tell("请说，说完会变成文字，您看过再发送。声音由浏览器转成文字，我们不保存。");
    $("speak").textContent = "停止";
    listening.start();
  }
  if (Recognition) {
    $("speak").hidden = false;
    $("speak").addEventListener("click", listen);
  }

  // -- a file for a request ----------------------------------------------------------------------
  const file = $("file");
  async function upload() {
    tell("正在发送，请不要关掉页面…");
    try {
      const answer = await fetch(file.action, {
        method: "POST", body: new FormData(file), credentials: "same-origin", headers: { Accept: "application/json" },
      });
      const said = await answer.json();
      if (!answer.ok) return tell(said.error);
      tell("");
      file.reset();
      file.elements.id.value = `f${unique()}`;
      $("files").open = false;
      quick = 10;
      await fetchNew();
    } catch (e) { tell("文件没有发出去，请检查网络，再点一次“发送照片”。"); }
  }
  if (file) file.addEventListener("submit", (event) => { event.preventDefault(); upload(); });

  // -- size and colours: the server remembers them, the page shows them at once ------------------
  $("look").addEventListener("click", (event) => {
    const { name, value } = event.target;
    if (!name) return;
    event.preventDefault();
    const size = name === "size" ? value : root.classList.contains("large") ? "large" : "normal";
    const theme = name === "theme" ? value : ["light", "dark", "contrast"].find((one) => root.classList.contains(one)) || "auto";
    root.className = `${size} ${theme} scripted${root.classList.contains("mute") ? " mute" : ""}`;
    if (name === "size") {
      event.target.value = size === "large" ? "normal" : "large";
      event.target.textContent = size === "large" ? "标准字" : "大字";
    } else {
      $("look").querySelectorAll("[name=theme]").forEach((one) => one.setAttribute("aria-pressed", String(one.value === theme)));
    }
    grow();
    fetch(`${location.pathname}?size=${size}&theme=${theme}`, { credentials: "same-origin" }).catch(() => {});
  });

  window.addEventListener("storage", (event) => { if (event.key === "said") fetchNew(); });
  window.addEventListener("offline", () => offline("网络断了。您写的话先留着，连上以后自动发出。"));
  window.addEventListener("online", () => { fetchNew(); flush(); });
  window.addEventListener("beforeprint", () => log.querySelectorAll("details").forEach((one) => { one.open = true; }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  recall();
  grow();
  if (last || waiting.length) bottom();  // a new person reads the greeting from its first line
  flush();
  watch();
})();
