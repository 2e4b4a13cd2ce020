"""The agency door: seals content, signs commands, opens what the agency may read. It alone holds the agency's keys.

* ``door``: what people and systems can do: send, read, and the duties between
* ``store``: the door's own database: outbox, feed, key sets, intake of files, proofs
* ``item_opening``: verifies and opens one item; ``key_sets``: key sets that the registrars signed
* ``inclusion``: proves that every confirmed command is in the hub's log
* ``notifier_marks``: finds the notifier's name in a text before it is sent
* ``control_form``: what may leave the door in control: codes, dates and ids
* ``parsing``: the processes in which foreign files are read; ``files``: files of the agency's own systems;
  ``staff``: people, sessions and tokens
* ``serve``: one door as a process; ``web``: its pages and its JSON API
* ``forms``: the acts of case workers as data: fields, addressees, when each is offered
"""
