/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: the folder of a history has one owner, and files that are its own. */
#include "store/folder.h"
#include "store-folder.h"

#include <sys/wait.h>

static void of_two_that_take_a_new_folder_at_once_one_gets_it(void **state)
{
	struct place *place = place_new();
	for (int round = 0; round < 100; round++) {
		struct folder folder;
		int start[2], status;
		char byte = 0;
		assert_int_equal(pipe(start), 0);
		fflush(NULL);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			if (read(start[0], &byte, 1) != 1)
				_exit(2);
			int err = folder_open(&folder, place->path);
			_exit(err == 0 || err == TCHAT_ERR_IN_USE ? 0 : 1);
		}
		assert_int_equal(write(start[1], &byte, 1), 1);
		int err = folder_open(&folder, place->path);
		assert_true(err == 0 || err == TCHAT_ERR_IN_USE);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		folder_close(&folder);
		temporary_folder_delete(place->path);
		close(start[0]);
		close(start[1]);
	}
	place_free(place);
}

static void a_file_is_written_once_more_as_it_is(void **state)
{
	struct place *place = place_new();
	struct folder folder;
	static uint8_t bytes[100000], again[sizeof bytes + 1];
	struct stat status;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * i >> 5);
	assert_int_equal(folder_open(&folder, place->path), 0);
	assert_int_equal(folder_rewrite(&folder, "log"), 0);
	assert_int_equal(fstatat(folder.fd, "log", &status, 0), -1);
	int fd = openat(folder.fd, "log", O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
	const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	assert_int_equal(futimens(fd, long_ago), 0);
	assert_int_equal(folder_rewrite(&folder, "log"), 0);
	assert_int_equal(pread(fd, again, sizeof again, 0), sizeof bytes);
	assert_memory_equal(again, bytes, sizeof bytes);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(status.st_mtime > 1);
	close(fd);
	assert_int_equal(symlinkat("log", folder.fd, "link"), 0);
	assert_int_equal(folder_rewrite(&folder, "link"), TCHAT_ERR_SYSTEM);
	folder_close(&folder);
	place_free(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_that_take_a_new_folder_at_once_one_gets_it),
		cmocka_unit_test(a_file_is_written_once_more_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
