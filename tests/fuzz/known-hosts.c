/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes as the file of known hosts. Whatever stands there, a key that was vouched for is known by its
 * name, no other is, and what is forgotten is new. */
#include "store/known_hosts.h"

#include "base/errors.h"
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/tchat-fuzz-XXXXXX";
static char path[64];

/* What is flushed to the disk is of no use here, and takes most of the time. */
int fsync(int fd)
{
	return 0;
}

static void clean_up(void)
{
	unlink(path);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	demand(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/known_hosts", folder);
	return atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const uint8_t key[ADDRESS_PIN_SIZE] = "one", other[ADDRESS_PIN_SIZE] = "other";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	demand(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
	close(fd);
	struct known_hosts *known = known_hosts_new(path);
	demand(known != NULL);
	int answer = known_hosts_check(known, "host:1", key, NULL);
	demand(answer >= KNOWN_YES && answer <= KNOWN_CHANGED);
	demand((known_hosts_line(known, "host:1") > 0) == (answer != KNOWN_NEW));
	int err = known_hosts_forget(known, "host:1");
	demand(err == (answer == KNOWN_NEW ? TCHAT_ERR_NOT_FOUND : 0));
	demand(known_hosts_add(known, "host:1", key) == 0);
	demand(known_hosts_check(known, "host:1", key, NULL) == KNOWN_YES);
	demand(known_hosts_check(known, "host:1", other, NULL) == KNOWN_CHANGED);
	demand(known_hosts_check(known, "host:1", other, key) == KNOWN_YES);
	demand(known_hosts_forget(known, "host:1") == 0);
	demand(known_hosts_line(known, "host:1") == 0);
	known_hosts_free(known);
	return 0;
}
