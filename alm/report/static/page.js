// What works only where pages lie beside each other, in a folder or behind a web server: links.
// In the page that snakemake --report makes, each of them stands alone.
if (/^(file|https?):$/.test(location.protocol)) {
  for (const node of document.querySelectorAll(".elsewhere")) node.hidden = false;
  for (const link of document.querySelectorAll("a[data-href]")) link.href = link.dataset.href;
}
