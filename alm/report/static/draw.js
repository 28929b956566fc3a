// Draws each chart where its page has left room for it, from the JSON that follows.
for (const plot of document.querySelectorAll(".plot")) {
  const chart = JSON.parse(plot.nextElementSibling.textContent);
  vegaEmbed(plot, chart, {renderer: "svg", actions: false}).catch((error) => {
    plot.textContent = "This chart could not be drawn: " + error.message;
    console.error(error);
  });
}
