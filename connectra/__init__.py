"""The gateway: answers the legacy API's endpoints out of Connectra, in the legacy API's exact conventions."""
