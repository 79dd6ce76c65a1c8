"""The questions: what each asks for, how it is answered, and the mistakes people make."""
