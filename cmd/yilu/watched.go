package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// watched are the figures of what the server stands on: its disks and its backups.
type watched struct {
	data string
	// disks are the folders that must not fill up, by what they hold.
	disks map[string]string
}

// The fullest a disk may be: an alarm from the first on, no new work from the second.
const (
	diskAlarm = 0.80
	diskFull  = 0.97
)

func newWatched(env *environment, public string) *watched {
	return &watched{data: env.Data, disks: map[string]string{"data": filepath.Clean(env.Data), "public": filepath.Clean(public)}}
}

var (
	backupAge = prometheus.NewDesc("yilu_backup_age_seconds", "Age of the last backup that was made of this data folder; missing if there is none.", nil, nil)
	diskFree  = prometheus.NewDesc("yilu_disk_free_bytes", "Bytes that may still be written to a disk.", []string{"disk"}, nil)
	diskBytes = prometheus.NewDesc("yilu_disk_bytes", "Size of a disk in bytes.", []string{"disk"}, nil)
)

// Describe names the figures.
func (w *watched) Describe(ch chan<- *prometheus.Desc) {
	ch <- backupAge
	ch <- diskFree
	ch <- diskBytes
}

// Collect looks when it is asked; what cannot be read is missing.
func (w *watched) Collect(ch chan<- prometheus.Metric) {
	if at, _, err := backedUp(w.data); err == nil && !at.IsZero() {
		ch <- prometheus.MustNewConstMetric(backupAge, prometheus.GaugeValue, time.Since(at).Seconds())
	}
	for name, path := range w.disks {
		free, of, err := diskSpace(path)
		if err != nil {
			continue // not made yet
		}
		ch <- prometheus.MustNewConstMetric(diskFree, prometheus.GaugeValue, float64(free), name)
		ch <- prometheus.MustNewConstMetric(diskBytes, prometheus.GaugeValue, float64(of), name)
	}
}

// unready lists the disks that are full: nobody should be sent to a server that will
// fail in the middle.
func (w *watched) unready() []string {
	var reasons []string
	for name, path := range w.disks {
		free, of, err := diskSpace(path)
		if err == nil && of > 0 && float64(free) < (1-diskFull)*float64(of) {
			reasons = append(reasons, fmt.Sprintf("the disk of %s is full: %d MB of %d MB are free", name, free>>20, of>>20))
		}
	}
	return reasons
}
