"""All pages: templates, style and Japanese texts. They work without JavaScript, and show content only after it was opened."""
