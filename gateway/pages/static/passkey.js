// Makes and uses passkeys: the form is shown where the browser knows them, and sends what the authenticator answered.
{
  const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const textOf = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  function request(options) {
    const described = (one) => ({ ...one, id: bytesOf(one.id) });
    const publicKey = { ...options, challenge: bytesOf(options.challenge) };
    if (options.user) publicKey.user = { ...options.user, id: bytesOf(options.user.id) };
    if (options.allowCredentials) publicKey.allowCredentials = options.allowCredentials.map(described);
    if (options.excludeCredentials) publicKey.excludeCredentials = options.excludeCredentials.map(described);
    return { publicKey };
  }

  function answer(credential) {
    const response = { clientDataJSON: textOf(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = textOf(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id,
      rawId: textOf(credential.rawId),
      type: credential.type,
      clientExtensionResults: {},
      response,
    });
  }

  function sentence(error) {
    if (error.name === "InvalidStateError") return "この端末のパスキーは、もう登録されています。";
    if (error.name === "SecurityError") return "このアドレスではパスキーを使えません。窓口の管理者に、窓口のアドレスの設定を確かめるよう伝えてください。";
    return "パスキーの操作が取り消されたか、時間が過ぎました。もう一度押すか、ほかの方法を使ってください。";
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    const state = form.querySelector("[data-passkey-state]");
    let done = false;
    form.addEventListener("submit", async (event) => {
      if (done) return;
      event.preventDefault();
      state.hidden = true;
      try {
        const asked = request(JSON.parse(form.dataset.options));
        const credential =
          form.dataset.passkey === "create"
            ? await navigator.credentials.create(asked)
            : await navigator.credentials.get(asked);
        form.elements.credential.value = answer(credential);
        done = true;
        form.requestSubmit();
      } catch (error) {
        state.textContent = sentence(error);
        state.hidden = false;
      }
    });
  }
}
