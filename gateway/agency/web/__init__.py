"""A door over HTTP: pages for its people, a JSON API for its systems.

``app`` wires it; ``guard`` decides who may come, before the body of a request is read. Then one router module for each
family of pages: ``sign_in``, ``work``, ``cases``, ``compose`` (the forms), ``disclosures``, ``programme``, ``files``,
``meeting``, ``outbox``; and ``api``. Shared by them: ``page_context``, ``form_context``, ``messages``, ``error_pages``.
"""
