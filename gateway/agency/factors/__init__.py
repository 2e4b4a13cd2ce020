"""How people prove at a door who they are, and how long that holds (docs/decisions/0051).

``settings`` what the agency has set; ``totp`` and ``second_factor`` the codes of an authenticator app and recovery codes;
``passkeys`` and ``challenges`` WebAuthn; ``oidc`` the municipality's identity provider; ``invitations`` the first
administrator and everybody after; ``tickets`` who has given a passphrase and not yet a code; ``sessions`` where somebody is
signed in; ``step_up`` which acts ask for a fresh factor.
"""
