// A small client of the app framework's protocol, for sidebar apps inside the sandbox. Offers the part of ZAFClient that
// a sidebar needs: init, context, metadata, get, invoke, on, off. Answers come within five seconds or not at all.

(() => {
  const PATIENCE = 5000;

  class Client {
    constructor(origin, appGuid) {
      this.origin = origin;
      this.appGuid = appGuid;
      this.handlers = new Map();
      this.open = new Map();
      this.count = 0;
      this.registered = new Promise((resolve) => { this.register = resolve; });
      addEventListener("message", (event) => {
        if (event.source === parent && event.origin === origin) this.hear(event.data);
      });
      this.post({ key: "iframe.handshake" });
    }

    post(message) {
      parent.postMessage(JSON.stringify({ ...message, appGuid: this.appGuid, instanceGuid: this.appGuid }), this.origin);
    }

    hear(data) {
      let message;
      try { message = JSON.parse(data); } catch { return; }
      if (message.id !== undefined) return this.settle(message);
      if (message.key === "zaf.app.registered") this.register(message.message);
      const name = (message.key ?? "").replace(/^zaf\./, "");
      for (const handler of this.handlers.get(name) ?? []) handler.call(this, message.message);
    }

    settle(message) {
      const waiting = this.open.get(message.id);
      this.open.delete(message.id);
      waiting?.(message.result);
    }

    async ask(request, params) {
      await this.registered;
      const id = ++this.count;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => { this.open.delete(id); reject(new Error(`${request} timed out`)); }, PATIENCE);
        this.open.set(id, (result) => { clearTimeout(timer); resolve(result); });
        this.post({ id, request, params });
      });
    }

    async context() { return (await this.registered).context; }
    async metadata() { return (await this.registered).metadata; }
    get(paths) { return this.ask("get", [].concat(paths)); }
    invoke(name, ...args) { return this.ask("invoke", { [name]: args }); }

    on(name, handler) {
      if (!this.handlers.has(name)) this.handlers.set(name, new Set());
      this.handlers.get(name).add(handler);
      this.registered.then(() => this.post({ key: `iframe.on:${name}` }));
      return this;
    }

    off(name, handler) {
      this.handlers.get(name)?.delete(handler);
      this.post({ key: `iframe.off:${name}` });
      return this;
    }
  }

  window.ZAFClient = {
    init(callback) {
      const query = new URLSearchParams(location.search);
      const [origin, appGuid] = [query.get("origin"), query.get("app_guid")];
      if (!origin || !appGuid || parent === window) return false;
      const client = new Client(origin, appGuid);
      if (callback) client.registered.then((message) => callback.call(client, message.context));
      return client;
    },
  };
})();
