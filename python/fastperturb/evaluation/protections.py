"""The place where protections were; to import it is an error that names the new one."""

raise ImportError("fastperturb.evaluation.protections is now fastperturb.protections", name=__name__)
