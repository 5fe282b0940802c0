/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's limits, out of the settings. */
#ifndef TCHAT_APP_LIMITS_H
#define TCHAT_APP_LIMITS_H

#include "app/half_open.h"
#include "app/options.h"
#include "host/host.h"

/* clients: connections that there is room for. */
struct host_limits limits_host(const struct options *options, uint32_t clients);

struct half_open_limits limits_half_open(const struct options *options);

#endif
