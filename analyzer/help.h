/* The help texts: of the program, and of each verb, examples first. */
#pragma once
#include "analyzer/command.h"

#include <stdio.h>

void help_program(FILE *out);
void help_verb(const struct command *command, FILE *out);
