/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where settings are kept: the file tchatrc, and what holds now. */
#ifndef TCHAT_APP_CONFIG_H
#define TCHAT_APP_CONFIG_H

#include "app/settings.h"

enum { CONFIG_REASON = 1024, CONFIG_FILE_MAX = 1 << 20 };

struct config;

/* For these options, which must live longer and point to the config from now on, and a file's path (copied). path NULL:
 * the account's own tchatrc, if there is a place for it. NULL when memory is out. */
struct config *config_new(struct options *options, const char *path);
void config_free(struct config *config);

/* Reads the file into the options, as far as the command line does not say otherwise. What is wrong in it is left out,
 * and said in config_problem(). No file is no problem. */
void config_load(struct config *config);

/* Reads the file again: what it says now holds from now on, and what it says no more is the default again. 0; or
 * TCHAT_ERR_SYNTAX with nothing changed when something is wrong with the file, which config_problem() says; or
 * TCHAT_ERR_MEMORY. */
int config_reload(struct config *config);

/* What was wrong, a line each "FILE:LINE: …", clean text: NULL when index is past the last. */
const char *config_problem(const struct config *config, size_t index);

/* The file's path, or NULL. */
const char *config_path(const struct config *config);

/* Sets a value (without blanks around it), or the default (value NULL), from now on and in the file. 0; TCHAT_ERR_ARGUMENT with nothing changed;
 * another error when it holds now but could not be written. reason says why in words. */
int config_set(struct config *config, enum setting setting, const char *value, char reason[CONFIG_REASON]);

#endif
