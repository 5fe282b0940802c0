/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command /set. */
#ifndef TCHAT_APP_SET_H
#define TCHAT_APP_SET_H

#include "app/front.h"

/* Tells all settings (key ""), tells one (value NULL; with a - before the key it gets its default), or sets one. 0, or
 * a negative error after a notice. */
int set_command(struct front *front, const char *key, const char *value);

#endif
