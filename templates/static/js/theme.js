/* Runs before the first paint, so that a dark page never flashes light. The server's word wins. */
(function (root) {
  var theme = root.getAttribute('data-theme');
  if (!theme) {
    try { theme = localStorage.getItem('theme'); } catch (e) { /* private mode */ }
    root.setAttribute('data-theme', theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
  }
  root.classList.add('has-js');
})(document.documentElement);
