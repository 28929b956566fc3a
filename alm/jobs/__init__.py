"""The jobs of the workflow, one module each; the scripts of ``workflow/scripts`` call them."""
