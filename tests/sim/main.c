/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs schedules: SEEDS=N of them from START=1 on, or the one of SEED=k with a log. PLANT=symbol plants a fault; it is
 * a good day when that is found. */
#include "sim.h"

#include <inttypes.h>
#include <locale.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEEDS = 300, TWICE = 16 };

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

static enum plant plant_named(const char *name)
{
	static const char *const names[] = {
#define PLANT(symbol) #symbol,
		PLANTS(PLANT)
#undef PLANT
	};
	for (size_t i = 0; name != NULL && *name != '\0' && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return (enum plant)i;
	if (name != NULL && *name != '\0') {
		fprintf(stderr, "no such fault: %s\n", name);
		exit(2);
	}
	return PLANT_NOTHING;
}

static uint64_t run(struct world *w, uint64_t seed)
{
	world_open(w, seed);
	schedule_run(w);
	world_close(w);
	return w->trace;
}

static void print_disk(const char *whose, const struct disk_counts *disk)
{
	printf("# %s: %" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64 " flushes; failed %" PRIu64 ", %" PRIu64 ", %" PRIu64
	       "; %" PRIu64 " writes to a full disk, %" PRIu64 " in part, %" PRIu64 " lost or torn in %" PRIu64
	       " power cuts; %" PRIu64 " deaths in the midst\n",
	       whose, disk->operations[DISK_READ], disk->operations[DISK_WRITE], disk->operations[DISK_SYNC],
	       disk->failed[DISK_READ], disk->failed[DISK_WRITE], disk->failed[DISK_SYNC], disk->full, disk->torn, disk->lost,
	       disk->cuts, disk->crashes);
}

static void print_counts(const struct counts *counts)
{
#define COUNT(name, text) printf("# %12" PRIu64 " %s\n", counts->name, text);
	COUNTS(COUNT)
#undef COUNT
	print_disk("the host's disk", &counts->host_disk);
	print_disk("the users' disks", &counts->user_disks);
}

int main(void)
{
	struct counts counts = { 0 };
	struct world *w = calloc(1, sizeof *w);
	setlocale(LC_ALL, "");
	mallopt(M_MMAP_THRESHOLD, 128 << 10); /* large structs of which little is used need not be cleared */
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	memory_register();
	vfs_register();
	templates_make();
	if (w == NULL)
		return 2;
	w->counts = &counts;
	w->plant = plant_named(getenv("PLANT"));
	uint64_t one = number("SEED", 0), seeds = number("SEEDS", SEEDS), start = number("START", 1);
	if (one != 0) {
		w->log = stdout;
		printf("%016" PRIx64 "\n", run(w, one));
		return 0;
	}
	for (uint64_t seed = start; seed < start + seeds; seed++) {
		uint64_t sum = run(w, seed);
		if (seed % TWICE == 0 && run(w, seed) != sum) {
			printf("SEED=%" PRIu64 " is not the same a second time\n", seed);
			return 1;
		}
	}
	double seconds = (double)clock() / CLOCKS_PER_SEC;
	print_counts(&counts);
	printf("# %.0f schedules a second of a processor\n", (double)counts.schedules / seconds);
	free(w);
	return 0;
}
